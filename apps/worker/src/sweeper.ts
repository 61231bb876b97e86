import type { Clock, Log } from "@drover/core";
import type { Installation } from "@drover/job-files";
import { trouble } from "./log.js";
import type { OrphanDeps } from "./orphans.js";
import { sweepAttempts } from "./orphans.js";
import { type ReconcileDeps, type Reconciled, reconcile } from "./reconcile.js";
import { type Repetition, repeat } from "./repeat.js";
import { expireJobs, type RetentionDeps } from "./retention.js";

export interface SweeperDeps extends RetentionDeps, ReconcileDeps, OrphanDeps {
  readonly queue: RetentionDeps["queue"] & ReconcileDeps["queue"];
  readonly blobs: ReconcileDeps["blobs"];
  readonly clock: Clock;
  /** Asked right before each part of a sweep: nothing is removed or restored in front of the wrong Redis. */
  readonly installation: Pick<Installation, "confirm">;
  readonly intervalMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** For trouble that repeats. */
  readonly quietLog: Log;
}

/** What one sweep did. */
export interface Swept extends Readonly<Reconciled> {
  readonly jobsExpired: number;
  readonly attemptsRemoved: number;
}

/** The longest that a sweep relies on what an earlier one saw, in ms. */
export const RECHECK_MS = 5 * 60_000;

/**
 * Sweeps at once and then again and again: expired jobs, inputs without a job and jobs without an entry in Redis, artifacts that nobody
 * points at. The pause is random between half and the whole interval, so that the sweepers of several workers drift apart and nothing
 * is kept longer than its retention and one interval. A part that fails is logged and tried again next time; the others go on.
 */
export function startSweeper(deps: SweeperDeps): Repetition {
  return repeat(async (signal) => {
    await sweep(deps, signal);
    return deps.intervalMs * (0.5 + deps.random() / 2);
  }, deps.clock);
}

/** One sweep. Never rejects. */
export async function sweep(deps: SweeperDeps, signal: AbortSignal): Promise<Swept> {
  const guard = async <T>(part: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      await deps.installation.confirm();
      return await work();
    } catch (error) {
      deps.quietLog.warn(`Sweep of ${part} failed; the next one tries again`, trouble(error));
      return otherwise;
    }
  };
  const jobsExpired = await guard("expired jobs", () => expireJobs(deps, signal), 0);
  const nothing = { restored: 0, settled: 0, inputsRemoved: 0 };
  const reconciled = await guard("inputs", () => reconcile(deps, signal), nothing);
  const attemptsRemoved = await guard("artifacts", () => sweepAttempts(deps, signal), 0);
  const swept: Swept = { jobsExpired, ...reconciled, attemptsRemoved };
  if (Object.values(swept).some((count: number) => count > 0)) deps.log.info("Swept", { ...swept });
  return swept;
}
