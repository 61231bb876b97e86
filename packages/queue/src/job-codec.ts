import {
  DEFAULT_TENANT,
  DomainError,
  type Job,
  type JobId,
  type JobRequest,
  type JobStatus,
  MAX_PRIORITY,
  MAX_REQUEST_BYTES,
  MIN_PRIORITY,
  type Progress,
  parseTraceContext,
  type TraceContext,
  type Waiting,
} from "@drover/core";
import type { JobField } from "./bullmq/bullmq-internals.js";
import { CANCELLED, decodeFailure } from "./bullmq/failed-reason.js";
import {
  check,
  checkInput,
  countOf,
  DamagedError,
  isNumber,
  isObject,
  isTime,
  jsonOf,
  membersOf,
} from "./record-checks.js";
import { decodeReturnValue } from "./return-value.js";

const NO_PROGRESS: Progress = { percent: 0, stage: null, message: null };

/**
 * A request as it is stored; times that nobody asked for and the default tenant are left out. Any other tenant
 * comes first, where `lines.lua` looks for it.
 */
type StoredRequest = Omit<JobRequest, "id" | "webhook" | "tenant" | OptionalTime> &
  Partial<Pick<JobRequest, "tenant" | OptionalTime>>;
type OptionalTime = "runAt" | "timeoutMs" | "queueTimeoutMs";

/**
 * The part of a request that BullMQ keeps as the job's data; its webhook has a secret, which no board shows.
 * @throws {invalid_request} when it is over 4 KiB.
 */
export function encodeRequest(request: JobRequest): StoredRequest {
  const { id: _id, webhook: _webhook, tenant, runAt, timeoutMs, queueTimeoutMs, ...rest } = request;
  const times = Object.entries({ runAt, timeoutMs, queueTimeoutMs }).filter(([, ms]) => ms != null);
  const owner = tenant === DEFAULT_TENANT ? {} : { tenant };
  const data: StoredRequest = { ...owner, ...rest, ...Object.fromEntries(times) };
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > MAX_REQUEST_BYTES) {
    throw new DomainError(
      "invalid_request",
      `Params, tags and file name together make a job of ${bytes} bytes; at most ${MAX_REQUEST_BYTES} fit. ` +
        "Put large options into the file.",
    );
  }
  return data;
}

/**
 * The request that a job's data holds.
 * @throws {DamagedError} for anything that `encodeRequest` did not write.
 */
export function decodeRequest(id: JobId, value: unknown): JobRequest {
  const data = membersOf(value, "data");
  check(typeof data["processor"] === "string", "processor is missing");
  check(data["tenant"] === undefined || typeof data["tenant"] === "string", "tenant is no text");
  checkInput(data["input"]);
  check(isObject(data["params"]), "params are no object");
  check(isObject(data["tags"]) && areTexts(Object.values(data["tags"])), "tags are no texts");
  check(isNumber(data["priority"], MIN_PRIORITY, MAX_PRIORITY), "priority is out of range");
  check(isNumber(data["maxAttempts"], 1, 1_000), "number of attempts is out of range");
  check(isTime(data["createdAt"]), "time of creation is missing");
  const times = [data["runAt"], data["timeoutMs"], data["queueTimeoutMs"]];
  check(
    times.every((time) => time === null || time === undefined || isTime(time)),
    "times are no numbers",
  );
  check(data["importedAt"] === undefined || isTime(data["importedAt"]), "time of its import is no number");
  const { trace, ...rest } = data;
  const unasked = { tenant: DEFAULT_TENANT, runAt: null, timeoutMs: null, queueTimeoutMs: null };
  return { ...unasked, ...rest, ...traceMember(trace), id } as JobRequest; // each member was looked at
}

/** A trace context that cannot be read is no damage: the job is in no trace then. */
function traceMember(value: unknown): { readonly trace?: TraceContext } {
  if (!isObject(value)) return {};
  const { traceparent, tracestate } = value;
  const trace = parseTraceContext(textOrNull(traceparent) ?? "", textOrNull(tracestate) ?? "");
  return trace === undefined ? {} : { trace };
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

/** Progress as it is kept: stamped, so that a reader drops what an older attempt wrote. */
export interface StampedProgress extends Progress {
  readonly attempt: number;
  readonly at: number;
}

/** A record that no job can be made of, and what it still says. */
export interface DamagedRecord {
  /** What is wrong, in words that may follow "its". */
  readonly damage: string;
  /** ms since the epoch; `undefined` when that is damaged too. */
  readonly createdAt: number | undefined;
}

const FIELDS = [
  "data",
  "opts",
  "progress",
  "returnvalue",
  "failedReason",
  "timestamp",
  "processedOn",
  "finishedOn",
  "ats",
  "stc",
  "released",
  "cancel",
  "atm",
  "parent",
  "pb",
] as const satisfies readonly (JobField | "released" | "cancel")[];

type Fields = Readonly<Partial<Record<(typeof FIELDS)[number], string | null>>>;

/** Where `snapshot.lua` found a job. */
interface Spot {
  readonly state: "completed" | "failed" | "delayed" | "active" | "waiting";
  readonly position: number;
  readonly due: number;
  /** Why no worker takes a waiting one; "" when one does as soon as it is free. */
  readonly held: "paused" | "tenant_limit" | "";
}

/**
 * The job that an answer of `snapshot.lua` holds, or what is left of one that cannot be read; `undefined` for
 * none.
 */
export function decodeSnapshot(id: JobId, answer: unknown): Job | DamagedRecord | undefined {
  if (answer === null || answer === undefined) return undefined;
  const [state, position, due, held, ...values] = answer as readonly unknown[]; // as the script's header says
  const spot = { state, position, due: Number(due), held } as Spot;
  const fields: Fields = Object.fromEntries(FIELDS.map((name, i) => [name, values[i]]));
  try {
    return decodeJob(id, spot, fields);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    const createdAt = Number(fields.timestamp ?? Number.NaN);
    return { damage: error.message, createdAt: isTime(createdAt) ? createdAt : undefined };
  }
}

function decodeJob(id: JobId, spot: Spot, fields: Fields): Job {
  check(fields.data != null, "data is missing");
  const read = decodeRequest(id, jsonOf(fields.data ?? "", "data"));
  const { timeoutMs: _timeout, queueTimeoutMs: _queueTimeout, ...request } = read;
  assertBullReads(fields);
  const attempt = countOf(fields.ats, "number of attempts");
  const current = currentProgress(fields.progress, attempt);
  const status = statusOf(spot.state, fields.failedReason ?? null);
  const value = status === "completed" ? decodeReturnValue(fields.returnvalue) : null;
  const finishedOn = countOf(fields.finishedOn, "time of its end");
  const isFinished = spot.state === "completed" || spot.state === "failed";
  const processedOn = countOf(fields.processedOn, "time of its start");
  const times = [countOf(fields.timestamp, "time of creation"), processedOn, finishedOn, current?.at ?? 0];
  const shown = current ?? NO_PROGRESS;
  const isImported = request.importedAt !== undefined; // shown as it was
  const uncounted =
    countOf(fields.stc, "count of lost workers") + countOf(fields.released, "count of releases");
  return {
    ...request,
    id,
    status,
    maxAttempts: request.maxAttempts + uncounted, // tries that did not count are given back
    attempt,
    ...(fields.pb == null ? {} : { worker: fields.pb }),
    progress: {
      percent: status === "completed" && !isImported ? 100 : shown.percent,
      stage: shown.stage,
      message: shown.message,
    },
    waiting: status === "queued" ? waitingOf(spot, attempt) : null,
    updatedAt: isImported ? finishedOn : Math.max(...times),
    startedAt: fields.processedOn == null ? null : processedOn,
    finishedAt: isFinished && fields.finishedOn != null ? finishedOn : null,
    isCancelling: status === "running" && fields.cancel != null,
    result: value?.result ?? null,
    artifacts: value?.artifacts ?? [],
    error: status === "failed" ? decodeFailure(fields.failedReason ?? "") : null,
  };
}

/** What only BullMQ reads has to be what it can read: else it cannot take, move or show the job. */
function assertBullReads({ opts, progress, parent, atm }: Fields): void {
  check(opts != null, "options are missing");
  membersOf(jsonOf(opts ?? "", "options"), "options");
  if (progress != null) jsonOf(progress, "progress");
  if (parent != null) jsonOf(parent, "parent");
  countOf(atm, "count of attempts");
}

function statusOf(state: Spot["state"], failedReason: string | null): JobStatus {
  if (state === "completed") return "completed";
  if (state === "failed") return failedReason === CANCELLED ? "cancelled" : "failed";
  return state === "active" ? "running" : "queued";
}

/**
 * Progress that is not the attempt's own, or no progress at all, says nothing; BullMQ starts with the number
 * 0.
 */
function currentProgress(json: string | null | undefined, attempt: number): StampedProgress | undefined {
  const value = json == null ? undefined : jsonOf(json, "progress");
  if (!isObject(value) || value["attempt"] !== attempt) return undefined;
  const { percent, at, stage, message } = value;
  if (!isNumber(percent, 0, 100) || !isTime(at)) return undefined;
  return { percent, at, attempt, stage: textOrNull(stage), message: textOrNull(message) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function waitingOf(spot: Spot, attempt: number): Waiting {
  const position = spot.position > 0 ? spot.position : null;
  if (spot.state !== "delayed") return { reason: spot.held || "worker", position, until: null };
  const until = isTime(spot.due) ? spot.due : null;
  return { reason: attempt > 0 ? "retry_backoff" : "scheduled", position: null, until };
}
