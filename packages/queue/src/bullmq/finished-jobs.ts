import {
  type FinishedJobs,
  isJobId,
  type JobEnd,
  type JobId,
  type JobRef,
  type JobRequest,
  keptFrom,
} from "@drover/core";
import { encodeRequest, type StampedProgress } from "../job-codec.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { encodeReturnValue } from "../return-value.js";
import { addedFields, condensedOptions } from "./bullmq-internals.js";
import { CANCELLED, encodeFailure } from "./failed-reason.js";
import { CONDENSED_HISTORY_BYTES, HISTORY_LIMIT, HISTORY_TTL_MS } from "./job-history.js";
import type { JobLocator } from "./job-locator.js";
import { keepReceiver } from "./job-receivers.js";
import type { RedisTenantUse } from "./tenant-use.js";

/** How long it is remembered that a job expired. */
const EXPIRED_TTL_MS = 30 * 86_400_000;

export interface FinishedJobsDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly locator: JobLocator;
  readonly use: RedisTenantUse;
  /** As the port says. */
  readonly synced: FinishedJobs["synced"];
}

/** The finished jobs in BullMQ's two sets, which are sorted by the time of the end. */
export function redisFinishedJobs(deps: FinishedJobsDeps): FinishedJobs {
  const { link, keys, locator, use } = deps;
  return {
    async finishedBefore(processor, status, time, limit) {
      const set = keys.queue(processor, status);
      const found: JobId[] = [];
      for (let offset = 0; found.length < limit; offset += limit) {
        const ids = await link.use((client) =>
          client.zrangebyscore(set, "-inf", `(${time}`, "LIMIT", offset, limit),
        );
        found.push(...ids.filter(isJobId)); // what somebody else put into the queue is not ours to look after
        if (ids.length < limit) break;
      }
      return found.slice(0, limit);
    },
    async expire(ref, time) {
      const isRemoved = await link.run("remove-finished", expireKeys(keys, ref), [
        ref.id,
        time,
        EXPIRED_TTL_MS,
      ]);
      if (isRemoved !== 1) return undefined;
      const tenant = (await locator.place(ref.id))?.tenant;
      await Promise.all([locator.remove(ref.id), use.drop(ref, tenant)]);
      return { tenant };
    },
    isExpired: async ({ processor, id }) =>
      (await link.use((client) => client.exists(keys.expired(processor, id)))) === 1,
    async restore(request, end) {
      await Promise.all([locator.add(request), keepReceiver(link, keys, request)]);
      const answer = await link.run(
        "restore-finished",
        restoreKeys(keys, request),
        restoreArguments(request, end, ""),
      );
      return answer as "restored" | "kept" | "reopened";
    },
    async addEnded(request, end) {
      const known = await locator.find(request.id);
      if (known !== undefined && known !== request.processor) return "taken";
      if (known === undefined) await locator.add(request);
      const answer = await link.run(
        "restore-finished",
        restoreKeys(keys, request),
        restoreArguments(request, end, request.input.key),
      );
      if (answer !== "restored") return answer as "kept" | "taken"; // nobody can retry a job without an input
      if (known !== undefined) await locator.add(request); // its time may be another one
      return "added";
    },
    async condense(request) {
      const { processor, id } = request;
      const answer = await link.run(
        "condense",
        [keys.job(processor, id), keys.queue(processor, "completed"), keys.history(processor, id)],
        [id, JSON.stringify(condensedOptions(request)), CONDENSED_HISTORY_BYTES],
      );
      return answer === 1;
    },
    clearRemains: async (ref) => (await link.run("clear-remains", remainKeys(keys, ref), [ref.id])) === 1,
    synced: deps.synced,
  };
}

const RESTORE_KEYS = [
  "completed",
  "failed",
  "active",
  "delayed",
  "prioritized",
  "wait",
  "paused",
  "events",
] as const;
const REMAIN_KEYS = [
  "stalled",
  "active",
  "wait",
  "paused",
  "delayed",
  "prioritized",
  "completed",
  "failed",
] as const;

function expireKeys(keys: RedisKeys, { processor, id }: JobRef): string[] {
  const lists = keys.queueAll(processor, ["completed", "failed", "events"]);
  const rest = [keys.history(processor, id), keys.logs(processor, id), keys.expired(processor, id)];
  return [keys.job(processor, id), ...lists, ...rest, keys.receivers(processor)];
}

function restoreKeys(keys: RedisKeys, { processor, id }: JobRef): string[] {
  const lists = keys.queueAll(processor, RESTORE_KEYS);
  return [keys.job(processor, id), ...lists, keys.history(processor, id), keys.lock(processor, id)];
}

function remainKeys(keys: RedisKeys, { processor, id }: JobRef): string[] {
  return [keys.job(processor, id), keys.lock(processor, id), ...keys.queueAll(processor, REMAIN_KEYS)];
}

/** As the script's header says. */
function restoreArguments(request: JobRequest, end: JobEnd, importedKey: string): (string | number)[] {
  return [
    request.id,
    end.at,
    ...storedEnd(end),
    HISTORY_LIMIT,
    HISTORY_TTL_MS,
    keptFrom(request, end.at),
    importedKey,
    ...fieldsOf(request, end),
  ];
}

/** The set that BullMQ keeps such a job in, and the value that says how it ended. */
function storedEnd(end: JobEnd): readonly ["completed" | "failed", string] {
  const { result, artifacts, error, status } = end;
  if (status === "completed") {
    return ["completed", JSON.stringify(encodeReturnValue({ result, artifacts }))];
  }
  if (status === "cancelled" || error === null) return ["failed", CANCELLED];
  return ["failed", encodeFailure({ kind: "failed", ...error })];
}

/** Attempts past the first `maxAttempts` did not count, or the job would not have had them. */
function fieldsOf(request: JobRequest, end: JobEnd): readonly (string | number)[] {
  const uncounted = Math.max(0, end.attempt - request.maxAttempts);
  const fields = addedFields(request, encodeRequest(request));
  const progress = end.percent === undefined ? [] : ["progress", progressOf(end.percent, end)];
  return [...fields, ...progress, "ats", end.attempt, "drover:released", uncounted];
}

function progressOf(percent: number, { attempt, at }: JobEnd): string {
  return JSON.stringify({ percent, stage: null, message: null, attempt, at } satisfies StampedProgress);
}
