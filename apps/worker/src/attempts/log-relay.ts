import type { LogLine } from "@drover/core";
import { MAX_LOG_LENGTH, MAX_LOG_LINES } from "../children/messages.js";

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
