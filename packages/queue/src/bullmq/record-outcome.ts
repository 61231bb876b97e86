import { setTimeout as sleep } from "node:timers/promises";
import { type ConsumeOptions, type Job, jobFields, type Log, type Outcome, retryDelayMs } from "@drover/core";
import { type Job as BullJob, UnrecoverableError } from "bullmq";
import { isServerTrouble } from "../redis-errors.js";
import { encodeReturnValue } from "../return-value.js";
import type { BullAttempt } from "./bull-attempt.js";
import type { NextJob } from "./bullmq-internals.js";
import { CANCELLED, encodeFailure } from "./failed-reason.js";

const RETRY_RECORD_MS = 500;
/** After this long without Redis the outcome is given up: the job's next attempt will find its own. */
const GIVE_UP_MS = 600_000;

/**
 * A failed attempt, at a job or a delivery, that is followed by another. BullMQ asks the backoff strategy with
 * the error, so the delay travels in it.
 */
export class AttemptFailed extends Error {
  override readonly name = "AttemptFailed";
  readonly delayMs: number;
  constructor(reason: string, delayMs: number) {
    super(reason);
    this.delayMs = delayMs;
  }
}

/** BullMQ's backoff strategy: the delay that was decided when the outcome was recorded, in ms. */
export function delayOf(error: Error | undefined): number {
  return error instanceof AttemptFailed ? error.delayMs : 0;
}

/**
 * Where a job is after its attempt: `finished`, back among the `queued`, `lost` to another worker so that the
 * outcome does not count, or `unknown` because Redis did not say.
 */
export type StateAfterAttempt = "finished" | "queued" | "lost" | "unknown";

interface Recording {
  readonly job: BullJob;
  readonly token: string;
  readonly attempt: BullAttempt;
  readonly outcome: Outcome;
  readonly retry: ConsumeOptions["retry"];
  readonly random: () => number;
  readonly log: Log;
  /** Whether the worker takes its next job with the end of this one: in the same step. */
  readonly takesNext: () => boolean;
  /** Told of each try that failed: the reason may be the next job's record. */
  readonly onError: (error: unknown) => void;
  /** Aborted when the worker has to end: then no more tries. */
  readonly giveUp: AbortSignal;
}

/**
 * Records an outcome, for as long as it takes while Redis is away, and returns where the job is then.
 * `unknown` is answered only when it was told to give up. `next` is the job that was taken with it.
 */
export async function recordOutcome(
  recording: Recording,
): Promise<{ readonly state: StateAfterAttempt; readonly next?: NextJob }> {
  const { attempt, outcome } = recording;
  // The lock token of a worker does not tell one attempt from the next, so Redis might take this outcome for
  // that of the job's next one.
  if (attempt.signal.reason === "lease_lost") return { state: "lost" };
  const move = await prepareMove(recording);
  const startedAt = performance.now();
  for (;;) {
    try {
      const next = await move.run();
      attempt.isRecorded = true;
      return { state: move.leadsTo, next };
    } catch (error) {
      recording.onError(error);
      const found = isServerTrouble(error) ? "unknown" : await stateAfterAttempt(recording, move.leadsTo);
      if (found !== "unknown") return { state: found };
      if (recording.giveUp.aborted) return { state: "unknown" };
      if (performance.now() - startedAt > GIVE_UP_MS) throw error;
      recording.log.warn("the outcome of an attempt could not be recorded yet", {
        ...jobFields(attempt.request, attempt.number),
        outcome: outcome.kind,
      });
      await sleep(RETRY_RECORD_MS);
    }
  }
}

interface Move {
  readonly leadsTo: "finished" | "queued";
  run(): Promise<NextJob>;
}

/** One clause per outcome. */
async function prepareMove(recording: Recording): Promise<Move> {
  const { job, token, attempt, outcome, retry, random, takesNext } = recording;
  const at = attempt.now();
  switch (outcome.kind) {
    case "completed": {
      const value = encodeReturnValue(outcome);
      return { leadsTo: "finished", run: () => job.moveToCompleted(value, token, takesNext()) };
    }
    case "cancelled":
      return {
        leadsTo: "finished",
        run: () => job.moveToFailed(new UnrecoverableError(CANCELLED), token, takesNext()),
      };
    case "released":
      await attempt.note(
        { type: "released", at, attempt: attempt.number, worker: job.processedBy ?? "" },
        { isRelease: true },
      );
      return { leadsTo: "queued", run: () => job.moveToWait(token).then(() => undefined) };
    case "failed": {
      const reason = encodeFailure(outcome);
      const policy = { ...retry, maxAttempts: attempt.request.maxAttempts };
      const ownDelayMs = outcome.retryable ? retryDelayMs(policy, job.attemptsMade + 1, random) : undefined;
      if (ownDelayMs === undefined) {
        return {
          leadsTo: "finished",
          run: () => job.moveToFailed(new UnrecoverableError(reason), token, takesNext()),
        };
      }
      const delayMs = outcome.retryAfterMs ?? ownDelayMs;
      const { code, message } = outcome;
      await attempt.note({ type: "retry", at, attempt: attempt.number, code, message, until: at + delayMs });
      return {
        leadsTo: "queued",
        run: () => job.moveToFailed(new AttemptFailed(reason, delayMs), token, false),
      };
    }
  }
}

/**
 * What became of a job whose move was refused. The refusal may mean that the move had been made and only its
 * answer was lost, that the lease ran out while Redis was away and can be taken back (`unknown`: move again),
 * or that the job is another worker's.
 */
async function stateAfterAttempt(
  { attempt, outcome }: Recording,
  leadsTo: Move["leadsTo"],
): Promise<StateAfterAttempt> {
  try {
    if (await attempt.reclaim()) return "unknown";
    const now = await attempt.readJob();
    if (now === undefined || now.attempt !== attempt.number) return "lost";
    if (leadsTo === "queued") return now.status === "queued" ? "queued" : "lost";
    const isOurs = outcome.kind === "completed" ? isPublished(outcome, now) : true;
    const isFinished = now.status !== "queued" && now.status !== "running";
    return isFinished && isOurs ? "finished" : "lost";
  } catch {
    return "unknown"; // Redis is away again
  }
}

function isPublished(outcome: Extract<Outcome, { kind: "completed" }>, job: Job): boolean {
  const keys = ({ artifacts }: Pick<Job, "artifacts">) => artifacts.map(({ key }) => key).join();
  return keys(job) === keys(outcome); // they hold the attempt's random part
}

/** Tells the worker what became of an attempt, so that it cleans up. Never rejects. */
export async function tellOfEnd(
  state: StateAfterAttempt,
  end: {
    readonly attempt: BullAttempt;
    readonly outcome: Outcome;
    readonly options: ConsumeOptions;
    readonly log: Log;
  },
): Promise<void> {
  const { attempt, outcome, options, log } = end;
  try {
    if (state === "finished") await options.onFinished?.(attempt, outcome);
    if (state === "lost") await options.onDiscarded?.(attempt);
  } catch (error) {
    log.warn("cleaning up after an attempt failed; the sweeper will do it", {
      ...jobFields(attempt.request, attempt.number),
      error,
    });
  }
}
