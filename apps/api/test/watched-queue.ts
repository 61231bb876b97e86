import type { QueuePorts } from "@drover/core";
import { signal, testQueue, withMethods } from "@drover/testkit";

/**
 * A queue that says when somebody begins to watch a job: the moment from which a long poll cannot miss a
 * change.
 */
export async function watchedQueue(): Promise<{ readonly queue: QueuePorts; watched(): Promise<void> }> {
  const queue = await testQueue();
  let next = signal();
  let isWatched = false;
  const jobs = withMethods(queue.jobs, {
    changed: (id, abort) => {
      isWatched = true;
      return queue.jobs.changed(id, abort);
    },
    get: async (id) => {
      const job = await queue.jobs.get(id);
      if (isWatched) setImmediate(next.resolve); // the waiter has read what it compares with
      return job;
    },
  });
  return {
    queue: { ...queue, jobs },
    watched: () => {
      next = signal();
      isWatched = false;
      return next.promise;
    },
  };
}
