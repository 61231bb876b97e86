import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The command's file. */
export const CLI = fileURLToPath(new URL("../../../apps/cli/dist/main.js", import.meta.url));
const PATIENCE_MS = 60_000;

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What runs the command, such as `npx drover`: in a process group of its own then, which gets the signals,
   * as from a terminal.
   */
  readonly through?: readonly [program: string, ...args: string[]];
}

/** The `drover` command as a real process. */
export class CliProcess {
  readonly #child: ChildProcess;
  readonly #isGroup: boolean;
  readonly #exited: Promise<unknown>;
  #output = "";

  constructor(args: readonly string[], options: CliOptions) {
    const { PATH = "", HOME = "" } = process.env;
    const [program, ...first] = options.through ?? [process.execPath, CLI];
    this.#isGroup = options.through !== undefined;
    this.#child = spawn(program, [...first, ...args], {
      cwd: options.cwd,
      env: { PATH, HOME, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: this.#isGroup,
    });
    this.#exited = once(this.#child, "exit");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What it printed so far. */
  get output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
    if (!this.#isGroup) this.#child.kill(signal);
    else if (!hasEnded) process.kill(-this.pid, signal);
  }

  /** Its exit code. */
  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  /**
   * The match of `pattern` in what it printed, as soon as there is one.
   * @throws when the process ends or a minute passes without.
   */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (hasEnded || performance.now() > deadline) {
        throw new Error(`It did not print ${pattern}:\n${this.#output}`);
      }
      await Promise.race([this.#exited, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  }
}

/** Address of the api of a `drover up`, once everything is up. */
export async function apiUrl(up: CliProcess): Promise<string> {
  return (await up.printed(/API {6}(\S+).*Ctrl-C stops everything/s))[1] ?? "";
}

/** Pids of the process's children, their children and so on. Linux. */
export function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const below = (parent: number): number[] =>
    parents.filter(([, its]) => its === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Pids of the processes that run in the folder, whoever started them. Linux. */
export function processesIn(folder: string): number[] {
  const runsThere = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false; // gone meanwhile, or a zombie
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && runsThere(name))
    .map(Number);
}

/** proc(5): behind the name in parentheses come the state and the parent's pid. */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1; // gone meanwhile
  }
}

/** Whether the process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "X");
  } catch {
    return false;
  }
}
