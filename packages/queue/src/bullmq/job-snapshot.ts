import {
  DEFAULT_TENANT,
  DomainError,
  type Job,
  type JobId,
  type JobRef,
  jobFields,
  type LogFields,
} from "@drover/core";
import { type DamagedRecord, decodeSnapshot } from "../job-codec.js";
import type { Listed } from "../job-listing.js";
import { isTime } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import { DELAYED_SCORES_PER_MS } from "./bullmq-internals.js";

const LISTS = ["completed", "failed", "delayed", "active", "wait", "prioritized"] as const;

/**
 * A job of a queue as it stands now, in one round trip; `undefined` when the queue has none of the id.
 * @throws {job_unreadable} when there is one and its record cannot be read.
 */
export async function readJob(link: RedisLink, keys: RedisKeys, ref: JobRef): Promise<Job | undefined> {
  const found = await readRecord(link, keys, ref);
  if (found === undefined || !isDamaged(found)) return found;
  throw new DomainError("job_unreadable", messageOf(ref.id, found));
}

/** The same for a list, in which one that cannot be read stands as failed. */
export async function readListedJob(
  link: RedisLink,
  keys: RedisKeys,
  ref: JobRef & Listed,
): Promise<Job | undefined> {
  const found = await readRecord(link, keys, ref);
  return found !== undefined && isDamaged(found) ? placeholderOf(ref, found) : found;
}

/** A job's record, readable or not. */
export async function readRecord(
  link: RedisLink,
  keys: RedisKeys,
  { processor, id }: JobRef,
): Promise<Job | DamagedRecord | undefined> {
  const key = keys.job(processor, id);
  const scriptKeys = [key, ...keys.queueAll(processor, LISTS)];
  const answer = await link.run("snapshot", scriptKeys, [id, DELAYED_SCORES_PER_MS]);
  return Array.isArray(answer) ? remembered(key, answer, () => decodeSnapshot(id, answer)) : undefined;
}

/** What a log line says of a job of which only the name is at hand: as much as its record tells. */
export async function readJobFields(link: RedisLink, keys: RedisKeys, ref: JobRef): Promise<LogFields> {
  const found = await readRecord(link, keys, ref);
  const isKnown = found !== undefined && !isDamaged(found);
  return isKnown ? jobFields(found) : { job_id: ref.id, processor: ref.processor };
}

interface Remembered {
  readonly answer: readonly unknown[];
  readonly found: Job | DamagedRecord | undefined;
}

/** Jobs whose last answer is remembered, and up to how many characters it may have. */
const MAX_REMEMBERED = 1_000;
const MAX_CHARACTERS = 8_192;
const latest = new Map<string, Remembered>();

/** What the answer was decoded to the last time, if it is the same: most polls meet a job unchanged. */
function remembered(
  key: string,
  answer: readonly unknown[],
  decode: () => Job | DamagedRecord | undefined,
): Job | DamagedRecord | undefined {
  const before = latest.get(key);
  if (before?.answer.every((value, i) => value === answer[i]) === true) return before.found;
  const found = decode();
  latest.delete(key); // so that it becomes the newest
  const characters = answer.reduce<number>((sum, value) => sum + String(value).length, 0);
  if (characters > MAX_CHARACTERS) return found;
  latest.set(key, { answer, found });
  const [oldest] = latest.keys();
  if (latest.size > MAX_REMEMBERED && oldest !== undefined) latest.delete(oldest);
  return found;
}

export function isDamaged(found: Job | DamagedRecord): found is DamagedRecord {
  return "damage" in found;
}

function messageOf(id: JobId, { damage }: DamagedRecord): string {
  return (
    `The record of job ${id} cannot be read: its ${damage}. ` +
    `DELETE /api/jobs/${id} removes it; submit the file again.`
  );
}

/** A failed job that says only what is wrong with it. */
function placeholderOf(
  { processor, id, createdAt, tenant = DEFAULT_TENANT }: JobRef & Listed,
  record: DamagedRecord,
): Job {
  const at = isTime(createdAt) ? createdAt : (record.createdAt ?? 0);
  return {
    id,
    tenant,
    processor,
    input: {
      key: "",
      filename: "",
      sizeBytes: 0,
      mediaType: "application/octet-stream",
      sha256: "0".repeat(64),
    },
    params: {},
    tags: {},
    priority: 0,
    runAt: null,
    maxAttempts: 1,
    fingerprint: null,
    requestId: null,
    createdAt: at,
    status: "failed",
    progress: { percent: 0, stage: null, message: null },
    attempt: 0,
    waiting: null,
    updatedAt: at,
    startedAt: null,
    finishedAt: at,
    isCancelling: false,
    result: null,
    artifacts: [],
    error: { code: "job_unreadable", message: messageOf(id, record), retryable: false },
  };
}
