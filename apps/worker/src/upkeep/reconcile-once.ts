import { DomainError, type QueueHealth } from "@drover/core";
import type { Installation } from "@drover/job-files";
import { SWEEPER, Sweeper, type SweeperDeps } from "./sweeper.js";

/** How long a command waits for its connection, and for the lease of a sweeper that has died, in ms. */
const CONNECT_MS = 10_000;
const LEASE_WAIT_MS = 20_000;

/** The answer of an adoption is not asked for again within this time, in ms. */
const ADOPTED_MS = 1_000;

export interface ReconcileOnceDeps extends SweeperDeps {
  readonly health: QueueHealth;
  readonly installation: Pick<Installation, "confirm" | "adopt">;
}

/**
 * The command: sweeps once and prints what was done, one line. Adopting, it says first that Redis and storage
 * belong together. While a worker lives it sweeps by itself, and the command only says so.
 * @throws when the queue cannot be reached within 10 s, or when Redis and storage do not belong together.
 */
export async function reconcileOnce(deps: ReconcileOnceDeps, isAdopting: boolean): Promise<void> {
  await whenConnected(deps);
  if (isAdopting) await deps.installation.adopt();
  await deps.installation.confirm(ADOPTED_MS);
  const { queue, holder } = deps;
  if (!(await isLeader(deps))) {
    process.stdout.write(
      "A worker of this installation is running and does the same with each of its sweeps.\n",
    );
    return;
  }
  const sweeper = new Sweeper({ ...deps, turnMs: Number.POSITIVE_INFINITY });
  const { restored, settled, inputsRemoved, attemptsRemoved } = await sweeper.sweep(
    new AbortController().signal,
  );
  await queue.leases.release(SWEEPER, holder);
  process.stdout.write(
    `Restored ${restored} jobs, settled ${settled} manifests, removed ${inputsRemoved} inputs and ` +
      `${attemptsRemoved} attempts without a job.\n`,
  );
}

async function isLeader({ queue, holder, leaseMs, clock }: SweeperDeps): Promise<boolean> {
  const deadline = clock.monotonicMs() + LEASE_WAIT_MS;
  for (;;) {
    if (await queue.leases.hold(SWEEPER, holder, leaseMs)) return true;
    const { workers } = await queue.catalogue.read();
    if (workers.length > 0 || clock.monotonicMs() > deadline) return false;
    await clock.sleep(200);
  }
}

/**
 * Resolves when the queue answers.
 * @throws `redis_unavailable` when it does not within 10 s.
 */
export async function whenConnected({
  health,
  clock,
}: Pick<SweeperDeps, "clock"> & { readonly health: QueueHealth }): Promise<void> {
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
