import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";

/** One living process of this machine (of this container, inside one); zombies are not listed. */
export interface ProcessEntry extends ProcessIdentity {
  readonly parent: number;
  /** Process group. */
  readonly group: number;
  readonly rssBytes: number;
}

/** The living processes: from /proc on Linux (50 µs each), else from `ps`. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-ax", ...PS_COLUMNS], { maxBuffer: 16 << 20 });
    return entriesOfPs(stdout);
  }
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const entry = Number.isInteger(pid) ? readProc(pid) : undefined;
    return entry === undefined ? [] : [entry];
  });
}

/** The process with the pid; `undefined` when none lives. */
export function findProcess(pid: number): ProcessEntry | undefined {
  if (process.platform === "linux") return readProc(pid);
  try {
    const options = { encoding: "utf8" as const, stdio: "pipe" as const };
    return entriesOfPs(execFileSync("ps", ["-p", String(pid), ...PS_COLUMNS], options))[0];
  } catch {
    return undefined; // ps exits with 1 for a pid that nobody has
  }
}

/** Fields as in proc(5): after the command, which may hold spaces and parentheses, field 3 is the state. */
function readProc(pid: number): ProcessEntry | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    rssBytes: Number(fields[21]) * pageBytes(),
    started: fields[19] ?? "", // clock ticks since boot
  };
}

function statFields(pid: number | "self"): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // gone since its name was read
  }
}

let measuredPageBytes: number | undefined;

/**
 * /proc counts in pages, and Node does not tell their size (4, 16 or 64 KiB): own memory in bytes over own
 * memory in pages does.
 */
function pageBytes(): number {
  if (measuredPageBytes === undefined) {
    const pages = Number(statFields("self")?.[21] ?? 0);
    measuredPageBytes = pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : 4096;
  }
  return measuredPageBytes;
}

const PS_COLUMNS = ["-o", "pid=,ppid=,pgid=,rss=,stat=,lstart="];

function entriesOfPs(lines: string): readonly ProcessEntry[] {
  return lines.split("\n").flatMap((line) => {
    const [pid, parent, group, rss, state, ...start] = line.trim().split(/\s+/);
    if (pid === undefined || pid === "" || state?.startsWith("Z") === true) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        rssBytes: Number(rss) * 1024,
        started: start.join("_"),
      },
    ];
  });
}

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /**
   * When it started, in whatever form the system tells it, without spaces; equal for one process, different
   * for another.
   */
  readonly started: string;
}

/** Who has the pid now; `undefined` when nobody has or only a zombie is left. */
export function identify(pid: number): ProcessIdentity | undefined {
  const found = findProcess(pid);
  return found === undefined ? undefined : { pid, started: found.started };
}

/** Whether the very process still runs. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  return findProcess(pid)?.started === started;
}

/**
 * Names the space in which pids of this process mean something: two processes with one name see each other's
 * processes. Containers differ in it, and so do two boots of one machine.
 */
export function pidSpace(): string {
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform; // no /proc: no pid namespaces either; start times tell boots apart
  }
}
