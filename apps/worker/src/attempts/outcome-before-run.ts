import {
  type Attempt,
  type BlobStore,
  type Clock,
  type JobEnd,
  type Log,
  type Outcome,
  queueDeadline,
} from "@drover/core";
import { isBuried, readManifest, writeManifest } from "@drover/job-files";
import { failed } from "./outcome.js";

export interface BeforeRunDeps {
  readonly blobs: Pick<BlobStore, "open" | "put" | "stat">;
  readonly clock: Clock;
  /** Adds the fields of the attempt. */
  readonly log: Log;
}

/**
 * Returns the outcome of an attempt that must not run: its job had ended before, or waited longer than its
 * limit. `undefined` for one that has to run.
 */
export async function outcomeBeforeRun(
  attempt: Attempt,
  { blobs, clock, log }: BeforeRunDeps,
): Promise<Outcome | undefined> {
  const earlier = await earlierOutcome(attempt, blobs);
  if (earlier !== undefined) {
    log.info("The job had ended before, and Redis forgot: its end is recorded again");
    return earlier;
  }
  if (!isTooLate(attempt, clock.now())) return undefined;
  return failed("queue_timeout", "The job waited longer than its limit before a worker was free.");
}

/**
 * Returns the end of the job that its files know and Redis lost, a deletion by a person included. `undefined`
 * when no end is known, a person's retry undid it, or artifacts of it are gone.
 */
async function earlierOutcome(
  { request, reopenedEnd }: Attempt,
  blobs: BeforeRunDeps["blobs"],
): Promise<Outcome | undefined> {
  if (await isBuried(request, blobs)) return { kind: "cancelled" };
  const manifest = await readManifest(request.input.key, blobs);
  const end = manifest?.settled ?? null;
  if (manifest === undefined || end === null || manifest.request.id !== request.id) return undefined;
  if ((reopenedEnd ?? 0) < end.at) return outcomeOf(end, blobs);
  // The end was written after the retry was granted: it must not be taken for the end of this run.
  await writeManifest({ version: 1, request, settled: null, reopenedEnd: end.at }, blobs);
  return undefined;
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
