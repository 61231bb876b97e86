import {
  type FinishedJobs,
  type JobEnd,
  type JobPlace,
  type JobRequest,
  parseJobId,
} from "@drover/core";
import { CANCELLED, encodeFailure, encodeRequest, type ReturnValue } from "../codec.js";
import { HISTORY_LIMIT } from "../history.js";
import type { RedisKeys } from "../keys.js";
import type { RedisLink } from "../redis.js";
import { HISTORY_TTL_MS } from "./history.js";
import { bullPriority } from "./job-queue.js";
import type { JobLocator } from "./locator.js";

/** How long it is remembered that a job expired. */
const EXPIRED_TTL_MS = 30 * 86_400_000;

export interface FinishedJobsDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly locator: JobLocator;
  /** As the port says. */
  readonly synced: FinishedJobs["synced"];
}

/** The finished jobs in BullMQ's two sets, which are sorted by the time of the end. */
export function redisFinishedJobs(deps: FinishedJobsDeps): FinishedJobs {
  const { link, keys, locator } = deps;
  return {
    async finishedBefore(processor, status, time, limit) {
      const ids = await link.use((client) =>
        client.zrangebyscore(keys.queue(processor, status), "-inf", `(${time}`, "LIMIT", 0, limit),
      );
      return ids.map(parseJobId);
    },
    async expire(place, time) {
      const isRemoved = await link.run("remove-finished", expireKeys(keys, place), [
        place.id,
        time,
        EXPIRED_TTL_MS,
      ]);
      if (isRemoved === 1) await locator.remove(place.id, place.processor);
      return isRemoved === 1;
    },
    isExpired: async ({ processor, id }) =>
      (await link.use((client) => client.exists(keys.expired(processor, id)))) === 1,
    async restore(request, end) {
      await locator.add(request);
      return (await link.run("restore-finished", restoreKeys(keys, request), [
        request.id,
        end.at,
        ...valueOf(end),
        HISTORY_LIMIT,
        HISTORY_TTL_MS,
        ...fieldsOf(request, end),
      ])) as "restored" | "kept" | "reopened";
    },
    clearRemains: async (place) => (await link.run("clear-remains", remainKeys(keys, place), [place.id])) === 1,
    synced: deps.synced,
  };
}

/** Keys of a queue by their names. */
export const queueKeys = (keys: RedisKeys, processor: string, names: readonly string[]) =>
  names.map((name) => keys.queue(processor, name));

function expireKeys(keys: RedisKeys, { processor, id }: JobPlace): string[] {
  const job = keys.job(processor, id);
  const lists = queueKeys(keys, processor, ["completed", "failed", "events"]);
  return [job, ...lists, keys.history(processor, id), `${job}:logs`, keys.expired(processor, id)];
}

function restoreKeys(keys: RedisKeys, { processor, id }: JobPlace): string[] {
  const names = ["completed", "failed", "active", "delayed", "prioritized", "wait", "paused", "events"];
  return [keys.job(processor, id), ...queueKeys(keys, processor, names), keys.history(processor, id)];
}

function remainKeys(keys: RedisKeys, { processor, id }: JobPlace): string[] {
  const job = keys.job(processor, id);
  const names = ["stalled", "active", "wait", "paused", "delayed", "prioritized", "completed", "failed"];
  return [job, `${job}:lock`, ...queueKeys(keys, processor, names)];
}

/** The set that BullMQ keeps such a job in, and the value that says how it ended. */
function valueOf(end: JobEnd): readonly ["completed" | "failed", string] {
  const { result, artifacts, error, status } = end;
  if (status === "completed") {
    const value: ReturnValue = { result, artifacts };
    return ["completed", JSON.stringify(value)];
  }
  if (status === "cancelled" || error === null) return ["failed", CANCELLED];
  return ["failed", encodeFailure({ kind: "failed", ...error })];
}

/** The hash as BullMQ writes it. Attempts past the first `maxAttempts` did not count, or the job would not have had them. */
function fieldsOf(request: JobRequest, end: JobEnd): readonly (string | number)[] {
  const priority = bullPriority(request.priority);
  const options = { attempts: request.maxAttempts, backoff: { type: "custom" }, priority, stackTraceLimit: 0 };
  return [
    ...["name", request.processor, "data", JSON.stringify(encodeRequest(request))],
    ...["opts", JSON.stringify({ ...options, jobId: request.id }), "priority", priority, "delay", 0],
    ...["timestamp", request.createdAt, "ats", end.attempt],
    ...["drover:released", Math.max(0, end.attempt - request.maxAttempts)],
  ];
}
