import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";

/** One living process of this machine (of this container, inside one); zombies are not listed. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Process group. */
  readonly group: number;
  readonly rssBytes: number;
  /** When it started, in a unit of the platform's; equal for one process at any two readings, so that a reused pid is told apart. */
  readonly startedAt: string;
}

/** A process, what it started, and what those started: everything that ends with an attempt. */
export interface Family {
  readonly members: readonly ProcessEntry[];
  /** The groups of the members, the leader's own included. A member that called setsid() has another one than its parent. */
  readonly groups: ReadonlySet<number>;
  readonly rssBytes: number;
}

/** The living processes: from /proc on Linux (50 µs each), else from `ps`. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  return process.platform === "linux" ? listProc() : listPs();
}

/** The process with the pid; `undefined` when none lives. */
export async function findProcess(pid: number): Promise<ProcessEntry | undefined> {
  if (process.platform === "linux") return readProc(pid);
  return (await listPs()).find((entry) => entry.pid === pid);
}

/**
 * Names the space in which pids of this process mean something: two workers with one name see each other's processes.
 * Containers differ in it, and so do two boots of one machine.
 */
export function pidSpace(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform; // no /proc: no pid namespaces either; start times tell boots apart
  }
}

/**
 * The family of the leader of a group, found by group and by descent. `known` are further groups that were the family's at an
 * earlier reading, whose members may have lost their parents since.
 */
export function familyOf(table: readonly ProcessEntry[], leader: number, known: Iterable<number>): Family {
  const groups = new Set<number>([leader, ...known]);
  const members = new Map<number, ProcessEntry>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const entry of table) {
      if (members.has(entry.pid) || !(groups.has(entry.group) || members.has(entry.parent))) continue;
      members.set(entry.pid, entry);
      groups.add(entry.group);
      grown = true;
    }
  }
  const living = new Set([...members.values()].map((entry) => entry.group));
  const rssBytes = [...members.values()].reduce((sum, entry) => sum + entry.rssBytes, 0);
  return { members: [...members.values()], groups: living, rssBytes };
}

/** Sends the signal to a whole group; false when it has no member left. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  if (group <= 1) return false; // to kill(2), minus one is everybody
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false; // ESRCH: gone; EPERM (macOS, zombies only): nothing left that could run
  }
}

/** Whether the process has a child now. Linux: a few reads of /proc instead of all; elsewhere always true, "look closer". */
export function mayHaveChildren(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.some((tid) => readFileSync(`/proc/${pid}/task/${tid}/children`, "latin1") !== "");
  } catch {
    return true; // no such file on this platform or kernel
  }
}

function listProc(): readonly ProcessEntry[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const entry = Number.isInteger(pid) ? readProc(pid) : undefined;
    return entry === undefined ? [] : [entry];
  });
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
    startedAt: fields[19] ?? "",
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

/** /proc counts in pages, and Node does not tell their size (4, 16 or 64 KiB): own memory in bytes over own memory in pages does. */
function pageBytes(): number {
  if (measuredPageBytes === undefined) {
    const pages = Number(statFields("self")?.[21] ?? 0);
    measuredPageBytes = pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : 4096;
  }
  return measuredPageBytes;
}

async function listPs(): Promise<readonly ProcessEntry[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axo", "pid=,ppid=,pgid=,rss=,stat=,lstart="], {
    maxBuffer: 16 << 20,
  });
  return stdout.split("\n").flatMap((line) => {
    const [pid, parent, group, rss, state, ...start] = line.trim().split(/\s+/);
    if (pid === undefined || pid === "" || state?.startsWith("Z") === true) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        rssBytes: Number(rss) * 1024,
        startedAt: start.join(" "),
      },
    ];
  });
}
