import { type ChildProcess, spawn } from "node:child_process";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "@drover/core";
import { MARK_VARIABLE, type Orphans, type ProcessKeeper } from "@drover/process-guard";
import { type ChildUser, launchAs } from "./child-user.js";
import type { ChildUsers } from "./child-users.js";
import { parseFromChild } from "./from-child.js";
import { ChildOutput, type FromChild, type ToChild } from "./messages.js";
import type { Graces } from "./runner.js";
import type { Sampler } from "./sampler.js";

/** The environment of a child whose processor names these variables. */
export type EnvironmentFor = (passEnv: readonly string[]) => Readonly<Record<string, string | undefined>>;

/** What all children of a worker share. */
export interface ChildSupport {
  /** The module that the child runs, and arguments for Node before it. */
  readonly entry: string;
  readonly nodeArguments: readonly string[];
  readonly environment: EnvironmentFor;
  /** The users of child processes, when they are others. */
  readonly users: ChildUsers | undefined;
  /** Attempts after which a child is replaced. */
  readonly maxAttempts: number;
  readonly graces: Graces;
  readonly sampler: Sampler;
  /** Where every process is recorded while it runs. */
  readonly registry: ProcessKeeper;
  readonly orphans: Orphans;
  /** A mark for one child that no other has; all marks of a worker begin alike. */
  readonly nextMark: () => string;
  readonly log: Log;
}

/** What a child loads. */
export interface ChildProcessor {
  readonly name: string;
  readonly moduleUrl: string;
  /** Whether a child runs further attempts after its first. */
  readonly isolation: "fresh" | "reuse";
  /** Names of variables that it gets as the worker has them. */
  readonly passEnv: readonly string[];
  /** Resident memory of the child and all that it started. */
  readonly maxRssBytes: number;
}

/** What a child process says and does; at its end `onExit`, then `onGone`. */
export interface ChildEvents {
  onMessage(message: FromChild): void;
  /** A line that it printed. */
  onOutput(level: "info" | "warn", line: string): void;
  /** The process exited; what it said is still being read. */
  onExit(): void;
  /** The process is gone, and what it said was read. */
  onGone(): void;
}

/** How long the pipes of a process that exited are read on, in ms, while a descendant holds them open. */
const READ_WAIT_MS = 100;
/** Lines that are kept of what a child prints while it loads. */
const MAX_LOAD_LINES = 20;

/**
 * A child process from its start until it is gone, with its channel and its outputs. Whoever starts it ends
 * it.
 */
export class SpawnedChild {
  readonly #process: ChildProcess;
  readonly #events: ChildEvents;
  readonly #outputs: readonly ChildOutput[];
  #onReady = () => {};
  #loadOutput: string[] | undefined = [];
  /** The user that it runs as; `undefined` for the worker's own. */
  readonly user: ChildUser | undefined;
  /** Resolves when the process is gone and what it said was read. */
  readonly exited: Promise<void>;
  /** Resolves to whether the processor was loaded. */
  readonly ready: Promise<boolean>;

  constructor(
    support: ChildSupport,
    processor: ChildProcessor,
    options: ChildEvents & { readonly mark: string },
  ) {
    this.#events = options;
    this.user = support.users?.take();
    this.#process = spawnChild(support, processor, { mark: options.mark, user: this.user });
    this.exited = this.#whenExited();
    this.ready = this.#whenReady();
    this.#process.on("message", (value) => this.#onMessage(parseFromChild(value)));
    const { stdout, stderr } = this.#process;
    this.#outputs = [
      new ChildOutput(stdout, (line) => this.#onOutput("info", line)),
      new ChildOutput(stderr, (line) => this.#onOutput("warn", line)),
    ];
  }

  /** -1 when the process could not be started. */
  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Both are `null` while the process runs, and when it could not be started. */
  get exit(): Pick<ChildProcess, "exitCode" | "signalCode"> {
    return this.#process;
  }

  /** What it printed while it loaded; `undefined` once it has. */
  get loadOutput(): readonly string[] | undefined {
    return this.#loadOutput;
  }

  send(message: ToChild): void {
    // An error means that the process exited, and `onExit` says so.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** What was printed until now has nothing to do with what is printed from now on. */
  endLines(): void {
    for (const output of this.#outputs) output.endLine();
  }

  /**
   * Resolves when all was read that was in the outputs when the message came that is being handled, whoever
   * wrote it: the child itself, code that goes around its streams, or a process that it started.
   */
  async outputsRead(): Promise<void> {
    // The event loop may have looked at the outputs of this turn before they held it all, so it is to look once
    // more. One look reads up to 2 MiB, more than the buffer of a socket holds.
    await nextTurn();
    await nextTurn();
    this.endLines();
  }

  #whenReady(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onReady = () => {
        this.#loadOutput = undefined;
        resolve(true);
      };
      void this.exited.then(() => resolve(false));
    });
  }

  #whenExited(): Promise<void> {
    return new Promise((resolve) => {
      const gone = () => {
        this.#events.onGone();
        resolve();
      };
      this.#process.once("exit", () => {
        this.#events.onExit();
        const timer = setTimeout(gone, READ_WAIT_MS);
        this.#process.once("close", () => {
          clearTimeout(timer);
          gone();
        });
      });
      this.#process.on("error", () => {
        if (this.#process.pid === undefined) gone(); // not even started: out of memory or of process numbers
      });
    });
  }

  #onMessage(message: FromChild | undefined): void {
    if (message?.type === "ready") this.#onReady();
    else if (message !== undefined) this.#events.onMessage(message);
  }

  #onOutput(level: "info" | "warn", line: string): void {
    if (this.#loadOutput !== undefined && this.#loadOutput.length < MAX_LOAD_LINES)
      this.#loadOutput.push(line);
    this.#events.onOutput(level, line);
  }
}

/**
 * Starts a child as the leader of a session and process group of its own, with a channel, its output piped
 * here, and its mark.
 */
function spawnChild(
  support: ChildSupport,
  processor: ChildProcessor,
  { mark, user }: { readonly mark: string; readonly user: ChildUser | undefined },
): ChildProcess {
  // The heap may take what the attempt may take: the default ceiling of V8 follows the machine's memory, not
  // the processor's limit.
  const heapMib = Math.max(32, Math.floor(processor.maxRssBytes / 2 ** 20));
  const { program, args, options, environment } = launchAs(user, process.execPath, [
    `--max-old-space-size=${heapMib}`,
    ...support.nodeArguments,
    support.entry,
    processor.moduleUrl,
    processor.name,
  ]);
  return spawn(program, args, {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...support.environment(processor.passEnv), ...environment, [MARK_VARIABLE]: mark },
  });
}
