import { type JobEvent, LOG_LEVELS, type LogLine } from "@drover/core";
import { isNumber, isObject, isTime } from "./record-checks.js";

/** How many events and how many log lines of one job are kept: the newest of each. */
export const HISTORY_LIMIT = 500;

/** Adds to a bounded list, dropping the oldest. */
export function appendBounded<T extends JobEvent | LogLine>(list: T[], ...more: readonly T[]): void {
  list.push(...more);
  list.splice(0, Math.max(0, list.length - HISTORY_LIMIT));
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
  started: ["attempt", "worker"],
  released: ["attempt", "worker"],
  stage: ["attempt", "stage"],
  worker_lost: ["attempt"],
  cancel_requested: ["attempt"],
  retry: ["attempt", "code", "message", "until"],
  finished: ["attempt", "status", "code"],
} as const satisfies Record<JobEvent["type"], readonly (keyof typeof CHECKS)[]>;

const LEVELS: readonly unknown[] = LOG_LEVELS;

/** The event that an entry of a job's history holds; none for an entry that is damaged: the others still tell their part. */
export function decodeEvent(json: string): readonly JobEvent[] {
  const event = parse(json);
  if (!isObject(event) || !isTime(event["at"])) return [];
  const type = Object.keys(MEMBERS).find((name) => name === event["type"]) as JobEvent["type"] | undefined;
  if (type === undefined) return [];
  const isWhole = MEMBERS[type].every((name) => CHECKS[name](event[name]));
  return isWhole ? [event as unknown as JobEvent] : []; // every member of its type was looked at
}

/** The log line that an entry of a job's log holds; none for an entry that is damaged. */
export function decodeLogLine(json: string): readonly LogLine[] {
  const line = parse(json);
  if (!isObject(line) || !isTime(line["at"]) || !isAttempt(line["attempt"])) return [];
  const { attempt, level, message, at } = line;
  return LEVELS.includes(level) && isText(message) ? [{ attempt, level, message, at } as LogLine] : [];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
