import {
  type Attempt,
  type BlobStore,
  type Clock,
  type FailureCode,
  isRetryable,
  type JobEnd,
  type Log,
  type Outcome,
  queueDeadline,
  type StopReason,
} from "@drover/core";
import { isBuried, type Manifest, readManifest, writeManifest } from "@drover/job-files";
import type { Thrown } from "../children/messages.js";
import { clientText, hideFolders } from "./client-text.js";

export type Failed = Extract<Outcome, { kind: "failed" }>;

/** Longest message of a failure, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** Every control character but the line feed: they may steer the terminal of whoever reads the message. */
const CONTROL = /[^\P{Cc}\n]+/gu;

/**
 * Returns a failed outcome: retryable as its code is unless `options` say otherwise, its message cut at 1,000
 * characters, without control characters.
 */
export function failed(code: FailureCode, message: string, options: Partial<Failed> = {}): Failed {
  const shown = message.replaceAll(CONTROL, " ").slice(0, MAX_MESSAGE_LENGTH);
  return { kind: "failed", code, message: shown, retryable: isRetryable(code), ...options };
}

/** Returns the outcome of a stopped attempt. After a lost lease none is recorded: "released" claims least. */
export function outcomeOfStop(reason: StopReason): Outcome {
  return reason === "cancelled" ? { kind: "cancelled" } : { kind: "released" };
}

/**
 * Returns the failure that a processor threw, in words for clients: `folders` of this machine are cut from
 * them.
 */
export function outcomeOfThrown(thrown: Thrown, folders: readonly string[]): Failed {
  switch (thrown.kind) {
    case "input_invalid":
      return failed("input_invalid", hideFolders(thrown.message, folders));
    case "try_later":
      return failed("processor_error", hideFolders(thrown.message, folders), {
        retryAfterMs: thrown.afterMs ?? 0,
      });
    case "error":
      return failed(
        "processor_error",
        clientText(thrown.message) || "The processor failed without a message.",
      );
  }
}

/** How a process ended: by its exit code, by a signal, or `null` for both when it did not start. */
export function describeDeath(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (exitCode !== null) return `The processor's process ended with exit code ${exitCode}.`;
  if (signal !== null) return `The processor's process was ended by signal ${signal}.`;
  return "The processor's process could not be started.";
}

export interface BeforeRunDeps {
  readonly blobs: Pick<BlobStore, "open" | "put" | "stat">;
  readonly clock: Clock;
  /** Adds the fields of the attempt. */
  readonly log: Log;
}

/** What the files of a job say of an attempt that begins. */
export interface BeforeRun {
  /** Of an attempt that must not run; absent for one that has to. */
  readonly outcome?: Outcome;
  /** The manifest, where it says that the job has to run. */
  readonly manifest?: Manifest;
}

/** Looks whether the attempt must not run: its job had ended before, or waited longer than its limit. */
export async function lookBeforeRun(
  attempt: Attempt,
  { blobs, clock, log }: BeforeRunDeps,
): Promise<BeforeRun> {
  const earlier = await lookAtFiles(attempt, blobs);
  if (earlier.outcome !== undefined) {
    log.info("The job had ended before, and Redis forgot: its end is recorded again");
    return earlier;
  }
  if (!isTooLate(attempt, clock.now())) return earlier;
  const message = "The job waited longer than its limit before a worker was free.";
  return { outcome: failed("queue_timeout", message) };
}

/**
 * Finds the end of the job that its files know and Redis lost, a deletion by a person included. No outcome
 * when no end is known, a person's retry undid it, or artifacts of it are gone.
 */
async function lookAtFiles(
  { request, reopenedEnd }: Attempt,
  blobs: BeforeRunDeps["blobs"],
): Promise<BeforeRun> {
  const [wasDeleted, manifest] = await Promise.all([
    isBuried(request, blobs),
    readManifest(request.input.key, blobs),
  ]);
  if (wasDeleted) return { outcome: { kind: "cancelled" } };
  if (manifest === undefined || manifest.request.id !== request.id) return {};
  const end = manifest.settled;
  if (end === null) return { manifest };
  if ((reopenedEnd ?? 0) < end.at) {
    const outcome = await outcomeOf(end, blobs);
    return outcome === undefined ? {} : { outcome };
  }
  // The end was written after the retry was granted: it must not be taken for the end of this run.
  const reopened: Manifest = { version: 1, request, settled: null, reopenedEnd: end.at };
  await writeManifest(reopened, blobs);
  return { manifest: reopened };
}

async function outcomeOf(end: JobEnd, blobs: BeforeRunDeps["blobs"]): Promise<Outcome | undefined> {
  const { status, result, artifacts, error } = end;
  if (status === "cancelled") return { kind: "cancelled" };
  if (status === "failed") return error === null ? undefined : { kind: "failed", ...error, retryable: false };
  const found = await Promise.all(artifacts.map(({ key }) => blobs.stat(key)));
  return found.includes(undefined) ? undefined : { kind: "completed", result, artifacts };
}

/** Attempts after the first are in time: the job did start before its limit. */
function isTooLate({ number, request }: Attempt, now: number): boolean {
  const deadline = queueDeadline(request);
  return number === 1 && deadline !== null && now > deadline;
}
