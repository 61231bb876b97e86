import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Attempt,
  type BlobStore,
  type Clock,
  type JobId,
  type Log,
  type LogFields,
  type Outcome,
  queueDeadline,
} from "@drover/core";
import { attemptFolder } from "@drover/job-files";
import type { Processor } from "@drover/processor-sdk";
import type { RunEnd, Runner } from "../children/runner.js";
import { hideFolders } from "./client-text.js";
import { settledOutcome } from "./earlier-outcome.js";
import { holdFolder } from "./folder-handle.js";
import { LogRelay } from "./log-relay.js";
import { failed, outcomeOfEnd, outcomeOfStop } from "./outcome.js";
import { ProgressRelay } from "./progress-relay.js";
import { publish } from "./publish.js";
import { onceStored, STOPPED, StoppedError } from "./storage-wait.js";

export interface ExecutorDeps {
  readonly processor: Processor;
  readonly runner: Runner;
  readonly blobs: BlobStore;
  /** Existing folder on this machine; each attempt gets one of its own below. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A short text of letters and digits that no other attempt gets. */
  readonly unique: () => string;
  /** Has the manifest of a job say how it ended; answers at once. */
  readonly settle: (id: JobId) => void;
}

/** What a consumer of one processor calls. */
export interface Executor {
  /** Runs one attempt. Never rejects; whatever it left on this machine is gone when it resolves. */
  execute(attempt: Attempt): Promise<Outcome>;
  /** The outcome was recorded and the job is terminal. */
  onFinished(attempt: Attempt): Promise<void>;
  /** The outcome was not recorded: what the attempt stored goes. */
  onDiscarded(attempt: Attempt): Promise<void>;
}

/** Least time between two progress updates of one attempt to the queue, in ms. */
const PROGRESS_INTERVAL_MS = 200;
/** A timer of Node's fires at once when it is set to more, in ms (24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** How long an ended attempt waits for its last progress and log lines to be recorded, in ms; they matter less than its outcome. */
const FLUSH_WAIT_MS = 2_000;

export function createExecutor(deps: ExecutorDeps): Executor {
  /** Where each attempt stored its artifacts; the entry goes with the attempt. */
  const stored = new WeakMap<Attempt, string>();
  return {
    async execute(attempt) {
      const fields = fieldsOf(attempt);
      const startedAt = deps.clock.monotonicMs();
      deps.log.info("Attempt started", fields);
      const outcome = await outcomeOf(deps, attempt, stored).catch((error: unknown) => {
        deps.log.error("Attempt failed outside its processor", { ...fields, error });
        return failed("processor_error", "The worker could not prepare or store the files of this attempt.");
      });
      const folder = stored.get(attempt);
      if (outcome.kind !== "completed" && folder !== undefined) await discard(deps, folder, fields);
      const durationMs = Math.round(deps.clock.monotonicMs() - startedAt);
      const level = outcome.kind === "failed" ? "warn" : "info";
      deps.log[level]("Attempt finished", { ...fields, ...outcomeFields(outcome), duration_ms: durationMs });
      return outcome;
    },
    async onFinished({ request }) {
      deps.settle(request.id);
    },
    async onDiscarded(attempt) {
      const folder = stored.get(attempt);
      if (folder !== undefined) await deps.blobs.remove(folder);
      deps.log.warn("Attempt discarded: its lease went to another worker", fieldsOf(attempt));
    },
  };
}

async function outcomeOf(
  deps: ExecutorDeps,
  attempt: Attempt,
  stored: WeakMap<Attempt, string>,
): Promise<Outcome> {
  const { request } = attempt;
  const settled = await settledOutcome(attempt, deps.blobs);
  if (settled !== undefined) {
    deps.log.info("The job had ended before, and Redis forgot: its end is recorded again", fieldsOf(attempt));
    return settled;
  }
  if (isTooLate(attempt, deps.clock.now())) {
    return failed("queue_timeout", "The job waited longer than its limit before a worker was free.");
  }
  // A short path: it becomes TMPDIR, where programs put sockets, and the path of a socket has 107 characters at most (unix(7)).
  const folder = join(deps.folder, deps.unique());
  const workFolder = join(folder, "work");
  await mkdir(workFolder, { recursive: true });
  const held = await holdFolder(workFolder);
  try {
    const storage = { clock: deps.clock, attempt };
    const inputPath = await onceStored(storage, () => deps.blobs.localPath(request.input.key, folder));
    if (inputPath === STOPPED) return outcomeOfStop(attempt.signal.reason);
    if (inputPath === undefined) return failed("input_missing", "The uploaded file is no longer there.");
    const timeoutMs = Math.min(
      request.timeoutMs ?? MAX_TIMER_MS,
      deps.processor.limits.timeoutMs,
      MAX_TIMER_MS,
    );
    const end = await runWithRelays(deps, attempt, { folder: workFolder, inputPath, timeoutMs });
    if (end.kind === "threw")
      deps.log.warn("Processor threw", { ...fieldsOf(attempt), error: end.thrown.stack });
    if (end.kind !== "returned") {
      const { maxRssBytes } = deps.processor.limits;
      return outcomeOfEnd(end, { timeoutMs, maxRssBytes, folders: [workFolder, folder, dirname(inputPath)] });
    }
    const target = attemptFolder(request.id, attempt.number, deps.unique());
    stored.set(attempt, target);
    const adopt: BlobStore["adopt"] = async (key, path) => {
      const adopted = await onceStored(storage, () => deps.blobs.adopt(key, path));
      if (adopted === STOPPED) throw new StoppedError();
    };
    return await publish({ adopt }, { end, source: held, target });
  } catch (error) {
    if (error instanceof StoppedError) return outcomeOfStop(attempt.signal.reason);
    throw error;
  } finally {
    await held.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Attempts after the first are not late: the job did start in time. */
function isTooLate({ number, request }: Attempt, now: number): boolean {
  const deadline = queueDeadline(request);
  return number === 1 && deadline !== null && now > deadline;
}

/** The run with its progress and log lines on their way to the queue; resolves when the last of them arrived. */
async function runWithRelays(
  deps: ExecutorDeps,
  attempt: Attempt,
  { folder, inputPath, timeoutMs }: { folder: string; inputPath: string; timeoutMs: number },
): Promise<RunEnd> {
  const { input, params } = attempt.request;
  const fields = fieldsOf(attempt);
  const dropped = (error: unknown) =>
    deps.log.debug("Progress or log lines were not recorded", { ...fields, error });
  const progress = new ProgressRelay({
    intervalMs: PROGRESS_INTERVAL_MS,
    send: (update) => attempt.progress(update).catch(dropped),
  });
  const lines = new LogRelay({
    attempt: attempt.number,
    now: () => deps.clock.now(),
    send: (batch) => attempt.log(batch).catch(dropped),
  });
  let isOver = false; // in process nothing else keeps an attempt from reporting on
  const end = await deps.runner.run({
    message: { type: "run", input: { ...input, path: inputPath }, params, attempt: attempt.number, folder },
    timeoutMs,
    signal: attempt.signal,
    onProgress(percent, stage, message) {
      if (!isOver) progress.push({ percent, stage, message });
    },
    onLog(level, message) {
      if (isOver) return;
      lines.push(level, hideFolders(message, [folder, dirname(inputPath)]));
      const own = level === "error" ? "warn" : level; // an error of this log is one of the worker's
      deps.log[own](message, { ...fields, from: "processor" });
    },
    onLate: (what) =>
      deps.log.warn("An attempt that was over went on; it changed nothing", { ...fields, what }),
  });
  isOver = true;
  const recorded = Promise.all([progress.flush(), lines.flush()]);
  if (!attempt.signal.aborted)
    await Promise.race([recorded, sleep(FLUSH_WAIT_MS, undefined, { ref: false })]);
  return end;
}

async function discard(deps: ExecutorDeps, folder: string, fields: LogFields): Promise<void> {
  await deps.blobs.remove(folder).catch((error: unknown) => {
    deps.log.warn("Artifacts of a failed attempt are left for the sweeper", { ...fields, error });
  });
}

/** What every line about an attempt carries. The request's id leads to the line of its submit in the api's log. */
export function fieldsOf({ request, number }: Attempt): LogFields {
  const { id, processor, requestId } = request;
  // Jobs of an older version have no request id.
  return { ...(requestId == null ? {} : { request_id: requestId }), job_id: id, processor, attempt: number };
}

function outcomeFields(outcome: Outcome): LogFields {
  if (outcome.kind !== "failed") return { outcome: outcome.kind };
  return { outcome: outcome.kind, code: outcome.code, reason: outcome.message, retryable: outcome.retryable };
}
