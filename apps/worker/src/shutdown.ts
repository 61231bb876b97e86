import type { Log } from "@drover/core";

export interface ShutdownOptions {
  readonly log: Log;
  /** How long a stop by signal lets running attempts end, in ms. */
  readonly drainTimeoutMs: number;
  /** Ends everything within about `deadlineMs`. */
  readonly stop: (deadlineMs: number) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** The same after the parent process is gone: whoever started all this wants it gone too. In ms. */
const ORPHAN_DRAIN_MS = 1_000;
/** Time past the drain deadline after which a stop is given up (Redis is away, a process cannot be killed), in ms. */
const STOP_MARGIN_MS = 10_000;
/** A terminal's Ctrl-C reaches a parent and its children, and the parent passes its own signal on: within this time, in ms, that is one wish. */
const SAME_WISH_MS = 1_000;

/**
 * Listens for the end: SIGTERM, SIGINT, or the loss of the parent that started this process with a channel. The first stops in order and
 * exits with 0; the same signal again exits at once with 1.
 */
export function listenForEnd(options: ShutdownOptions): void {
  let first: { readonly signal: string; readonly at: number } | undefined;
  const end = (signal: string, deadlineMs: number) => {
    if (first !== undefined) {
      const isSameWish = first.signal !== signal && performance.now() - first.at < SAME_WISH_MS;
      if (!isSameWish && signal !== "disconnect") options.exit(1);
      return;
    }
    first = { signal, at: performance.now() };
    options.log.info("Stopping", { signal });
    setTimeout(() => giveUp(options), deadlineMs + STOP_MARGIN_MS).unref();
    options.stop(deadlineMs).then(
      () => options.exit(0),
      (error: unknown) => {
        options.log.error("Stopping failed", { error });
        options.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => end("SIGTERM", options.drainTimeoutMs));
  process.on("SIGINT", () => end("SIGINT", options.drainTimeoutMs));
  process.on("disconnect", () => end("disconnect", ORPHAN_DRAIN_MS));
  if (process.connected === false) end("disconnect", ORPHAN_DRAIN_MS); // the parent died while this process was starting
}

function giveUp({ log, exit }: ShutdownOptions): void {
  log.error("Stopping took too long; leaving the rest to the lease and to the guardian");
  exit(1);
}
