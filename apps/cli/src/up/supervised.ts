import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { UsageError } from "../exit.js";

export interface SupervisedOptions {
  /** For messages: `api`, `worker 2`. */
  readonly name: string;
  /** The program's entry. */
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  /**
   * Picks the value that the process is ready with from a message that it sent; `undefined` for any other
   * message.
   */
  readonly readyValue: (message: unknown) => string | undefined;
  /** Gets each line that it prints. */
  readonly onLine: (line: string) => void;
  /** Told when it died and is started again. */
  readonly onTrouble: (message: string) => void;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A process that lived this long is started again as if it had never died. */
const STEADY_MS = 30_000;
/** After a stop was asked for and the process's own deadlines (drain included) must be over. */
const KILL_AFTER_MS = 60_000;

/**
 * A server process that is started again when it dies, 0.25 s later and then exponentially longer up to 10 s.
 * It has a channel to this process, and stops by itself when the channel closes, which it also does when this
 * process is killed. It is in a process group of its own: Ctrl-C in a terminal reaches this process only.
 */
export class Supervised {
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #hasStarted = false;
  #isStopping = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the process and returns what it is ready with.
   * @throws when it ends before that: it is not started again then.
   */
  start(): Promise<string> {
    const { name, readyValue } = this.#options;
    return new Promise((resolve, reject) => {
      const child = this.#launch();
      child.on("message", (message) => {
        const value = readyValue(message);
        if (value === undefined) return;
        this.#hasStarted = true;
        resolve(value);
      });
      child.once("exit", (code, signal) => {
        reject(
          new UsageError(
            `The ${name} did not start (${describeExit(code, signal)}); its last lines say why.`,
          ),
        );
      });
    });
  }

  /** Asks the process to stop, and resolves when it is gone. A second call makes it stop at once. */
  async stop(): Promise<void> {
    const signal = this.#isStopping ? "SIGKILL" : "SIGTERM";
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || !isRunning(child)) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    await gone;
    clearTimeout(timer);
  }

  #launch(): ChildProcess {
    const { entry, environment, onLine } = this.#options;
    const child = spawn(process.execPath, [entry], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    const startedAt = performance.now();
    eachLine(child.stdout, onLine);
    eachLine(child.stderr, onLine);
    child.on("error", () => {}); // the channel broke: the exit says why
    child.once("exit", (code, signal) => {
      if (performance.now() - startedAt > STEADY_MS) this.#failures = 0;
      if (this.#hasStarted && !this.#isStopping) this.#startAgain(describeExit(code, signal));
    });
    this.#child = child;
    return child;
  }

  #startAgain(exit: string): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    this.#options.onTrouble(`The ${this.#options.name} died (${exit}); starting it again in ${waitMs} ms.`);
    this.#timer = setTimeout(() => this.#launch(), waitMs);
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Gives each line of a process's output to `onLine`. */
export function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null)
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
}
