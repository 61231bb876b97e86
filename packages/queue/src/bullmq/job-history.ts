import { type Job, type JobEvent, type JobHistory, type JobId, LOG_LEVELS, type LogLine } from "@drover/core";
import { isNumber, isObject, isTime } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** How many events and how many log lines of one job are kept: the newest of each. */
export const HISTORY_LIMIT = 500;

/** How long a job's events outlive the last of them, should the job's end not take them along. */
export const HISTORY_TTL_MS = 30 * 86_400_000;

/** Largest history that a completed job has in its hash, in bytes. */
export const CONDENSED_HISTORY_BYTES = 2_048;

/** Adds events to a job's history, if the job exists. */
export async function appendEvents(
  link: RedisLink,
  keys: RedisKeys,
  job: { processor: string; id: JobId },
  ...events: readonly JobEvent[]
): Promise<void> {
  const args = [HISTORY_LIMIT, HISTORY_TTL_MS, ...events.map((event) => JSON.stringify(event))];
  await link.run(
    "append-event",
    [keys.job(job.processor, job.id), keys.history(job.processor, job.id)],
    args,
  );
}

/**
 * Notes that the worker of a job was lost, unless that is known already.
 * @returns the number of the lost attempt, or 0.
 */
export async function noteLostWorker(
  link: RedisLink,
  keys: RedisKeys,
  job: { processor: string; id: JobId; at: number },
): Promise<number> {
  const { processor, id, at } = job;
  const scriptKeys = [keys.job(processor, id), keys.history(processor, id), keys.queue(processor, "active")];
  return Number(await link.run("note-lost", scriptKeys, [id, at, HISTORY_LIMIT, HISTORY_TTL_MS]));
}

/**
 * A job's events and log lines. The first and the last event are not stored: the job itself says when it was
 * accepted and how it ended.
 */
export async function readHistory(link: RedisLink, keys: RedisKeys, job: Job): Promise<JobHistory> {
  const { processor, id } = job;
  const lists = [keys.history(processor, id), keys.logs(processor, id), keys.job(processor, id)];
  const [events, logs] = (await link.run("history", lists, [HISTORY_LIMIT])) as [string[], string[]];
  const finished = finishedEvent(job);
  return {
    events: [
      { type: "accepted", at: job.createdAt },
      ...events.flatMap(decodeEvent),
      ...(finished === undefined ? [] : [finished]),
    ],
    logs: logs.flatMap((json) => decodeLogLine(parse(json))),
  };
}

/** How the job ended, as an event; `undefined` while it has not. */
export function finishedEvent(job: Job): JobEvent | undefined {
  const { status, finishedAt, attempt, error } = job;
  if (finishedAt === null || status === "queued" || status === "running") return undefined;
  return { type: "finished", at: finishedAt, attempt, status, code: error?.code ?? null };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isAttempt = (value: unknown) => isNumber(value, 0, Number.MAX_SAFE_INTEGER);
const CHECKS = {
  attempt: isAttempt,
  worker: isText,
  stage: isText,
  code: (value: unknown) => value === null || isText(value),
  message: isText,
  until: isTime,
  status: isText,
} as const;

/** What an event of each type carries beside its time. */
const MEMBERS = {
  accepted: [],
  retried: [],
  restored: [],
  imported: [],
  started: ["attempt", "worker"],
  released: ["attempt", "worker"],
  stage: ["attempt", "stage"],
  worker_lost: ["attempt"],
  cancel_requested: ["attempt"],
  retry: ["attempt", "code", "message", "until"],
  finished: ["attempt", "status", "code"],
} as const satisfies Record<JobEvent["type"], readonly (keyof typeof CHECKS)[]>;

/**
 * The event that an entry of a job's history holds; none for an entry that is damaged: the others still tell
 * their part.
 */
function decodeEvent(json: string): readonly JobEvent[] {
  const event = parse(json);
  if (!isObject(event) || !isTime(event["at"])) return [];
  const type = Object.keys(MEMBERS).find((name) => name === event["type"]) as JobEvent["type"] | undefined;
  if (type === undefined) return [];
  const isWhole = MEMBERS[type].every((name) => CHECKS[name](event[name]));
  return isWhole ? [event as unknown as JobEvent] : []; // every member of its type was looked at
}

/** The log line that a value is; none for one that is damaged. */
export function decodeLogLine(line: unknown): readonly LogLine[] {
  if (!isObject(line) || !isTime(line["at"]) || !isAttempt(line["attempt"])) return [];
  const { attempt, message, at } = line;
  const level = LOG_LEVELS.find((name) => name === line["level"]);
  return level !== undefined && isText(message) ? [{ attempt, level, message, at } as LogLine] : [];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
