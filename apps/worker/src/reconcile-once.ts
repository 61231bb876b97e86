import { DomainError, type QueueHealth } from "@drover/core";
import type { Installation } from "@drover/job-files";
import { sweepAttempts } from "./orphans.js";
import { reconcile } from "./reconcile.js";
import type { SweeperDeps } from "./sweeper.js";

/** How long the command waits for its connection, in ms. */
const CONNECT_MS = 10_000;
/** The answer of an adoption is not asked for again. */
const ADOPTED_MS = 1_000;

export interface ReconcileOnceDeps extends SweeperDeps {
  readonly health: QueueHealth;
  readonly installation: Pick<Installation, "confirm" | "adopt">;
}

/**
 * The command: reconciles inputs, jobs and artifacts once and prints what was done, one line. Adopting, it says first that Redis and
 * storage belong together. Throws when the queue cannot be reached within 10 s, or when the two do not belong together.
 */
export async function reconcileOnce(deps: ReconcileOnceDeps, isAdopting: boolean): Promise<void> {
  await connected(deps);
  if (isAdopting) await deps.installation.adopt();
  await deps.installation.confirm(ADOPTED_MS);
  const { signal } = new AbortController();
  const { restored, settled, inputsRemoved } = await reconcile(deps, signal);
  const attemptsRemoved = await sweepAttempts(deps, signal);
  process.stdout.write(
    `Restored ${restored} jobs, settled ${settled} manifests, removed ${inputsRemoved} inputs and ${attemptsRemoved} attempts without a job.\n`,
  );
}

async function connected({ health, clock }: Pick<SweeperDeps, "clock"> & { readonly health: QueueHealth }) {
  const deadline = clock.monotonicMs() + CONNECT_MS;
  for (;;) {
    try {
      return await health.ping();
    } catch (error) {
      const isAway = error instanceof DomainError && error.code === "redis_unavailable";
      if (!isAway || clock.monotonicMs() > deadline) throw error;
      await clock.sleep(100);
    }
  }
}
