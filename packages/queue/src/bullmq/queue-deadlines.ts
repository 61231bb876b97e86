import {
  DomainError,
  type EventSink,
  type JobId,
  type JobRequest,
  parseJobId,
  type QueueDeadlines,
  queueDeadline,
} from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { encodeFailure } from "./failed-reason.js";

/** What a job that waited too long is told. */
const QUEUE_TIMEOUT = encodeFailure({
  kind: "failed",
  code: "queue_timeout",
  message: "The job waited longer than its limit before a worker was free.",
  retryable: false,
});

const FAIL_KEYS = ["failed", "delayed", "prioritized", "wait", "paused", "events"] as const;

/** Enters a job that may wait only so long; to be done before it is queued. */
export async function addDeadline(link: RedisLink, keys: RedisKeys, request: JobRequest): Promise<void> {
  const deadline = queueDeadline(request);
  if (deadline === null) return;
  await link.use((client) =>
    client.zadd(keys.queueDeadlines, deadline, `${request.id} ${request.processor}`),
  );
}

export interface DeadlineDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly events: EventSink;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/**
 * The deadlines in a sorted set, `<job> <processor>` each. An entry is a hint: whether the job has begun, has
 * ended or is gone is found in the job, by the script that ends it. It goes when its time has passed,
 * whatever it led to.
 */
export function redisDeadlines({ link, keys, events, now }: DeadlineDeps): QueueDeadlines {
  const failOne = async (entry: string): Promise<JobId | undefined> => {
    const [id, processor] = [parseJobId(entry.slice(0, 36)), entry.slice(37)];
    const scriptKeys = [keys.job(processor, id), ...keys.queueAll(processor, FAIL_KEYS)];
    if ((await link.run("fail-late", scriptKeys, [id, QUEUE_TIMEOUT])) !== 1) return undefined;
    events.emit("job.late", { processor });
    return id;
  };
  return {
    async failLate(limit) {
      const entries = await link.use((client) =>
        client.zrangebyscore(keys.queueDeadlines, "-inf", now(), "LIMIT", 0, limit),
      );
      if (entries.length === 0) return [];
      const answers = await Promise.allSettled(entries.map(failOne));
      // A damaged job is no reason to keep the others waiting; a server that is away is.
      const done = entries.filter((_, i) => !isAway(answers[i]));
      if (done.length > 0) await link.use((client) => client.zrem(keys.queueDeadlines, ...done));
      return answers.flatMap((answer) =>
        answer.status === "fulfilled" && answer.value !== undefined ? [answer.value] : [],
      );
    },
  };
}

function isAway(answer: PromiseSettledResult<unknown> | undefined): boolean {
  return (
    answer?.status === "rejected" &&
    answer.reason instanceof DomainError &&
    answer.reason.code === "redis_unavailable"
  );
}
