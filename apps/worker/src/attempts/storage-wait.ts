import { type Attempt, type Clock, DomainError, type StopReason } from "@drover/core";

/** What the work returned, or why the attempt was stopped while it waited. */
export type Waited<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "stopped"; readonly reason: StopReason };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Calls `work` until the storage is neither full nor unavailable, which another attempt would not mend. The
 * job shows that it waits; the pauses grow from 1 s to 10 s. Ends early when the attempt is stopped.
 * @throws what `work` throws for any other reason.
 */
export async function waitForStorage<T>(
  { clock, attempt }: { readonly clock: Clock; readonly attempt: Attempt },
  work: () => Promise<T>,
): Promise<Waited<T>> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return { kind: "done", value: await work() };
    } catch (error) {
      if (!isStorageTrouble(error)) throw error;
    }
    if (pauseMs === FIRST_PAUSE_MS)
      await attempt.progress({ percent: 0, stage: "storage", message: "Waiting for storage" });
    try {
      await clock.sleep(pauseMs, attempt.signal);
    } catch {
      return { kind: "stopped", reason: attempt.signal.reason as StopReason };
    }
  }
}

function isStorageTrouble(error: unknown): boolean {
  return (
    error instanceof DomainError && (error.code === "storage_full" || error.code === "storage_unavailable")
  );
}
