import { DomainError, type QueueHealth } from "@drover/core";
import { sweepAttempts } from "./orphans.js";
import { reconcile } from "./reconcile.js";
import type { SweeperDeps } from "./sweeper.js";

/** How long the command waits for its connection, in ms. */
const CONNECT_MS = 10_000;

/**
 * The command: reconciles inputs, jobs and artifacts once and prints what was done, one line. Throws when the queue cannot be reached
 * within 10 s.
 */
export async function reconcileOnce(deps: SweeperDeps & { readonly health: QueueHealth }): Promise<void> {
  await connected(deps);
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
