import type { DispatchControl } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { BullQueues } from "./bull-queues.js";

/**
 * BullMQ's own pause and bound of a queue, which its scripts look at whenever they take a job. Fact: they are the
 * fields `paused` and `concurrency` of the queue's `meta`.
 */
export function redisDispatch(deps: {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly queues: BullQueues;
}): DispatchControl {
  const { link, keys, queues } = deps;
  return {
    async read(processor) {
      const meta = keys.queue(processor, "meta");
      const [paused, bound] = await link.use((client) => client.hmget(meta, "paused", "concurrency"));
      return { isPaused: paused != null, concurrency: bound == null ? null : Number(bound) };
    },
    pause: (processor) => link.use(() => queues.queue(processor).pause()),
    resume: (processor) => link.use(() => queues.queue(processor).resume()),
    async setConcurrency(processor, concurrency) {
      await link.use(async (client) => {
        const queue = queues.queue(processor);
        if (concurrency === null) await queue.removeGlobalConcurrency();
        else await queue.setGlobalConcurrency(concurrency);
        await client.zadd(keys.queue(processor, "marker"), 0, "0"); // there may be room for more
      });
    },
  };
}
