import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt, Clock, Log, LogLine } from "@drover/core";
import { MAX_LOG_LENGTH, MAX_LOG_LINES } from "../children/messages.js";
import type { ProcessorReports } from "../children/processor-call.js";
import { hideFolders } from "./client-text.js";
import { ProgressRelay } from "./progress-relay.js";

/** Least time between two progress updates of one attempt to the queue, in ms. */
const PROGRESS_INTERVAL_MS = 200;
/**
 * The longest wait for the last progress and log lines to be recorded, in ms; they matter less than the
 * outcome.
 */
const FLUSH_WAIT_MS = 2_000;

/** What a running attempt reports, on its way to the queue and to the worker's log. */
export interface AttemptReports extends ProcessorReports {
  /** Called with what the attempt tried to do after it was over; it was not done. */
  onLate(what: string): void;
  /** Drops what is reported from now on; resolves when the rest is recorded, or after 2 s. */
  end(): Promise<void>;
}

export interface ReportsDeps {
  readonly clock: Clock;
  /** Adds the fields of the attempt. */
  readonly log: Log;
  /** Cut from log lines that clients read. */
  readonly folders: readonly string[];
}

/** Relays progress and log lines of a running attempt. One that cannot be recorded is dropped. */
export function createReports(attempt: Attempt, { clock, log, folders }: ReportsDeps): AttemptReports {
  const onDropped = (error: unknown) => log.debug("Progress or log lines were not recorded", { error });
  const progress = new ProgressRelay({
    intervalMs: PROGRESS_INTERVAL_MS,
    send: (update) => attempt.progress(update).catch(onDropped),
  });
  const lines = new LogRelay({
    attempt: attempt.number,
    now: () => clock.now(),
    send: (batch) => attempt.log(batch).catch(onDropped),
  });
  let isOver = false; // a processor in this process may report on after it ended
  return {
    onProgress(percent, stage, message) {
      if (!isOver) progress.push({ percent, stage, message });
    },
    onLog(level, message) {
      if (isOver) return;
      lines.push(level, hideFolders(message, folders));
      const own = level === "error" ? "warn" : level; // `error` in this log means an error of the worker
      log[own](message, { from: "processor" });
    },
    onLate: (what) => log.warn("An attempt that was over went on; it changed nothing", { what }),
    async end() {
      isOver = true;
      const recorded = Promise.all([progress.flush(), lines.flush()]);
      if (attempt.signal.aborted) return;
      await Promise.race([recorded, sleep(FLUSH_WAIT_MS, undefined, { ref: false })]);
    },
  };
}

/** Waiting lines that are sent at once. */
const BATCH = 50;
/** Longest wait of a line before it is sent, in ms. */
const INTERVAL_MS = 200;

export interface LogRelayOptions {
  readonly attempt: number;
  readonly now: () => number;
  /** Must not reject. */
  readonly send: (lines: readonly LogLine[]) => Promise<void>;
}

/**
 * Collects the log lines of one attempt and sends them in batches, in order; past `MAX_LOG_LINES` they are
 * dropped, and one line says so.
 */
export class LogRelay {
  readonly #options: LogRelayOptions;
  #waiting: LogLine[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: LogRelayOptions) {
    this.#options = options;
  }

  push(level: LogLine["level"], message: string): void {
    this.#count += 1;
    if (this.#count > MAX_LOG_LINES) return;
    const isLast = this.#count === MAX_LOG_LINES;
    this.#waiting.push({
      attempt: this.#options.attempt,
      level: isLast ? "warn" : level,
      message: isLast
        ? `Further lines were dropped: an attempt keeps ${MAX_LOG_LINES}.`
        : message.slice(0, MAX_LOG_LENGTH),
      at: this.#options.now(),
    });
    if (this.#waiting.length >= BATCH) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), INTERVAL_MS);
  }

  /** Sends what waits; resolves when everything is sent. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) this.#sending = this.#sending.then(() => this.#options.send(lines));
    return this.#sending;
  }
}
