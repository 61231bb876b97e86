import { type Attempt, type Clock, DomainError } from "@drover/core";

/** The attempt was stopped while it waited. */
export const STOPPED = Symbol("stopped");

/** Carries a stop out of nested work. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Does `work` as often as it takes while the storage is full or away, which is nothing that another attempt would mend: the job says that
 * it waits, and its attempt goes on when there is room again. Ends with `STOPPED` when the attempt is stopped meanwhile.
 */
export async function onceStored<T>(
  { clock, attempt }: { readonly clock: Clock; readonly attempt: Attempt },
  work: () => Promise<T>,
): Promise<T | typeof STOPPED> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isStorageTrouble(error)) throw error;
    }
    if (pauseMs === FIRST_PAUSE_MS)
      await attempt.progress({ percent: 0, stage: "storage", message: "Waiting for storage" });
    try {
      await clock.sleep(pauseMs, attempt.signal);
    } catch {
      return STOPPED;
    }
  }
}

function isStorageTrouble(error: unknown): boolean {
  return (
    error instanceof DomainError && (error.code === "storage_full" || error.code === "storage_unavailable")
  );
}
