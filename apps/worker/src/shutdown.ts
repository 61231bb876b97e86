import { DomainError, type Log, SettingsError } from "@drover/core";
import { ProcessorLoadError } from "./processor-modules.js";

export interface ShutdownOptions {
  readonly log: Log;
  /** How long a stop by signal lets running attempts end, in ms. */
  readonly drainTimeoutMs: number;
  /** Stops everything, running attempts after `deadlineMs`. */
  readonly stop: (deadlineMs: number) => Promise<void>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

/** The drain timeout after the loss of the parent process, in ms: who started this wants it gone too. */
const ORPHAN_DRAIN_MS = 1_000;
/**
 * Time past the drain deadline after which a stop is given up (Redis is away, a process cannot be killed), in
 * ms.
 */
const STOP_MARGIN_MS = 10_000;
/**
 * A terminal's Ctrl-C reaches parent and children, and the parent passes on its own: within this time one
 * request, in ms.
 */
const SAME_REQUEST_MS = 1_000;
/** Stands for the signal where an operator asked by the api. */
const ASKED = "asked to drain";

/**
 * Stops the process on SIGTERM, SIGINT, or the loss of the parent that started it with a channel. The first
 * stops in order and exits with 0; the same signal again exits at once with 1.
 * @returns what stops it as the first signal would; a signal that comes after is taken for the same wish, once.
 */
export function listenForStop(options: ShutdownOptions): () => void {
  let first: { readonly signal: string; readonly at: number } | undefined;
  const end = (signal: string, deadlineMs: number) => {
    if (first !== undefined) {
      if (first.signal === ASKED) {
        if (signal !== ASKED) first = { signal, at: performance.now() };
        return;
      }
      const isSameRequest = first.signal !== signal && performance.now() - first.at < SAME_REQUEST_MS;
      if (!isSameRequest && signal !== "disconnect") options.exit(1);
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
  // The parent died while this process was starting.
  if (process.connected === false) end("disconnect", ORPHAN_DRAIN_MS);
  return () => {
    if (first === undefined) end(ASKED, options.drainTimeoutMs);
  };
}

function giveUp({ log, exit }: ShutdownOptions): void {
  log.error("Stopping took too long; leaving the rest to the lease and to the guardian");
  exit(1);
}

/**
 * Ends the process over an error. What a person can put right is printed as a sentence, with exit code 2 for
 * a wrong setting and 1 for a refusal, such as the wrong Redis; anything else with its stack, and 1.
 */
export function exitWith(error: unknown): never {
  const isForPerson =
    error instanceof SettingsError ||
    error instanceof DomainError ||
    error instanceof ProcessorLoadError ||
    // Of the operating system: a port that is taken, a folder that cannot be made.
    (error instanceof Error && "syscall" in error);
  const text =
    error instanceof Error ? (isForPerson ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(isForPerson && !(error instanceof DomainError) ? 2 : 1);
}
