import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What a process says over its IPC channel once it can do its work. */
type Ready = { readonly type: "listening"; readonly url: string } | { readonly type: "ready" };

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const MAINS = {
  api: at("../../../apps/api/dist/main.js"),
  "failing api": at("../fixtures/failing-api.mjs"),
  worker: at("../../../apps/worker/dist/main.js"),
  "quick worker": at("../fixtures/quick-worker.mjs"),
};

/**
 * What can be started; a failing api is killed at the failpoint that its environment names, a quick worker
 * has a short lease.
 */
export type DroverProcessKind = keyof typeof MAINS;

const READY_MS = 90_000;
const LOG_LINES = 2_000;

export interface DroverProcessOptions {
  readonly kind: DroverProcessKind;
  readonly env: Readonly<Record<string, string>>;
  /** Resolve as soon as the process runs rather than when it is ready. Default false. */
  readonly isReadyAtOnce?: boolean;
}

/**
 * A real api or worker process, built from source, started as in production but for its IPC channel, on which
 * it says when it is ready. It ends with `stop` or `kill`, and with this process, whose channel it watches.
 */
export class DroverProcess {
  readonly kind: DroverProcessKind;
  /** Where an api listens; empty for a worker. */
  url = "";
  readonly #child: ChildProcess;
  readonly #log: string[] = [];
  readonly #exited: Promise<void>;

  private constructor(options: DroverProcessOptions) {
    this.kind = options.kind;
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(process.execPath, [MAINS[options.kind]], {
      env: { PATH, HOME, PORT: "0", LOG_LEVEL: "debug", ...options.env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#exited = once(this.#child, "exit").then(() => undefined);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk) => this.#keep(String(chunk)));
  }

  /**
   * Starts a process and waits until it says that it is ready.
   * @throws with its log when it ends before.
   */
  static async start(options: DroverProcessOptions): Promise<DroverProcess> {
    const started = new DroverProcess(options);
    if (options.isReadyAtOnce !== true) await started.#ready();
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it printed, newest lines last. */
  get log(): string {
    return this.#log.join("");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it at once and resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#exited;
  }

  /** Asks it to stop and returns its exit code. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    await this.#exited;
    return this.#child.exitCode;
  }

  async #ready(): Promise<void> {
    const message = once(this.#child, "message", { signal: AbortSignal.timeout(READY_MS) });
    const ended = this.#exited.then(() => {
      throw new Error(`The ${this.kind} ended before it was ready:\n${this.log}`);
    });
    const [ready] = (await Promise.race([message, ended])) as [Ready];
    if (ready.type === "listening") this.url = ready.url;
  }

  #keep(text: string): void {
    this.#log.push(text);
    this.#log.splice(0, Math.max(0, this.#log.length - LOG_LINES));
  }
}

/** Pids of a process's children, their children and so on, as Linux lists them now. */
export async function descendants(pid: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => ""); // ended meanwhile
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (stat !== "") parents.set(Number(name), parent);
  }
  const found: number[] = [];
  const visit = (id: number) => {
    for (const [child, parent] of parents) {
      if (parent !== id) continue;
      found.push(child);
      visit(child);
    }
  };
  visit(pid);
  return found;
}

/** Whether a process of the pid runs; one that ended and waits to be collected does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  return stat !== "" && state !== "Z" && state !== "X";
}
