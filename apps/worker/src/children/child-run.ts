import type { LogLevel, StopReason } from "@drover/core";
import { cutPaths } from "../attempts/client-text.js";
import { type FromChild, MAX_LOG_LINES, type ToChild } from "./messages.js";
import {
  acceptsLateResult,
  type Graces,
  graceMs,
  type RunEnd,
  type RunOptions,
  type StopCause,
} from "./runner.js";

/** The process that an attempt runs in, as far as the attempt has to do with it. */
export interface RunningProcess {
  readonly graces: Graces;
  send(message: ToChild): void;
  /** Signals the child and everything that it started. */
  signal(name: NodeJS.Signals): void;
  /** Kills the same; resolves when all are gone. */
  end(): Promise<void>;
}

/**
 * One attempt in a child process, from its message until it is known how it ended.
 *
 * Starts with `start()`. Ends when the child reports the end, when the process exits, or when it was told to
 * stop and its grace is over: then it is killed. Nothing of this needs the child to cooperate.
 */
export class ChildRun {
  readonly #options: RunOptions;
  readonly #process: RunningProcess;
  readonly #ended: Promise<RunEnd>;
  #settle: (end: RunEnd) => void = () => {};
  #logLines = 0;
  #outputLines = 0;
  #isHeapExhausted = false;
  #cause: StopCause | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(options: RunOptions, process: RunningProcess) {
    this.#options = options;
    this.#process = process;
    this.#ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Sends the attempt to the child; resolves to how it ended. The clock of its time limit starts now. */
  async start(): Promise<RunEnd> {
    const { message, timeoutMs, signal } = this.#options;
    const timer = setTimeout(() => this.stop({ kind: "timed_out" }), timeoutMs);
    const onAbort = () => this.stop({ kind: "stopped", reason: signal.reason as StopReason });
    signal.addEventListener("abort", onAbort);
    this.#process.send(message);
    if (signal.aborted) onAbort();
    const end = await this.#ended;
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    clearTimeout(this.#killTimer);
    return end;
  }

  /**
   * The first cause wins, except over one whose grace is longer: a cancel does not wait for the end of a
   * drain.
   */
  stop(cause: StopCause): void {
    const { graces } = this.#process;
    const delayMs = graceMs(graces, cause);
    if (this.#cause !== undefined && delayMs >= graceMs(graces, this.#cause)) return;
    this.#cause = cause;
    clearTimeout(this.#killTimer);
    this.#process.send({ type: "stop" });
    this.#process.signal("SIGTERM");
    this.#killTimer = setTimeout(() => void this.#process.end().then(() => this.#settle(cause)), delayMs);
  }

  onMessage(message: FromChild): void {
    if (message.type === "progress")
      this.#options.onProgress(message.percent, message.stage, message.message);
    else if (message.type === "log") this.#onLogLine(message.level, message.message);
    else if (message.type === "threw") this.#settle(this.#cause ?? { kind: "threw", thrown: message.thrown });
    else if (message.type === "returned") this.#settle(returnedEnd(message, this.#cause));
  }

  /** The child counts its lines too, unless its processor sends them by itself. */
  #onLogLine(level: LogLevel, line: string): void {
    this.#logLines += 1;
    if (this.#logLines <= MAX_LOG_LINES) this.#options.onLog(level, line);
  }

  onOutput(level: "info" | "warn", line: string): void {
    if (line.includes("JavaScript heap out of memory")) this.#isHeapExhausted = true;
    this.#outputLines += 1;
    if (this.#outputLines <= MAX_LOG_LINES) this.#options.onLog(level, cutPaths(line));
  }

  /** The process is gone; both are `null` when it did not even start. */
  onExit(exitCode: number | null, signal: NodeJS.Signals | null): void {
    const byItself: RunEnd = this.#isHeapExhausted
      ? { kind: "out_of_memory" }
      : { kind: "died", exitCode, signal };
    this.#settle(this.#cause ?? byItself);
  }
}

function returnedEnd(
  message: Extract<FromChild, { type: "returned" }>,
  cause: StopCause | undefined,
): RunEnd {
  if (cause !== undefined && (message.wasStopped || !acceptsLateResult(cause))) return cause;
  return { kind: "returned", result: message.result, artifacts: message.artifacts };
}
