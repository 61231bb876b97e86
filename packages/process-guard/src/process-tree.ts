import { setTimeout as sleep } from "node:timers/promises";
import type { Orphans } from "./orphaned-processes.js";
import { findProcess, listProcesses, type ProcessEntry, type ProcessIdentity } from "./process-table.js";
import { StartedProcesses } from "./started-processes.js";

/** Hears which processes have to end with this one. */
export interface ProcessKeeper {
  watch(process: ProcessIdentity): void;
  forget(process: ProcessIdentity): void;
}

/** Some processes, what they started, and what those started: everything that ends together. */
export interface Family {
  readonly members: readonly ProcessEntry[];
  readonly rssBytes: number;
}

/**
 * How long the end of a killed family is waited for, in ms; a process in an uninterruptible read can take
 * longer.
 */
const KILL_WAIT_MS = 2_000;

/**
 * Who belongs to a family: those of `known` that still run (the same start time, not only the same pid),
 * those that `isOurs` says, and all who share a group with one of them or descend from one. A group's number
 * cannot be given to a stranger while it has a member, so one proven member proves its group; a group without
 * one is nobody's we know.
 */
export function familyOf(
  table: readonly ProcessEntry[],
  known: ReadonlyMap<number, ProcessIdentity>,
  isOurs: (entry: ProcessEntry) => boolean,
): Family {
  const members = new Map<number, ProcessEntry>();
  const groups = new Set<number>();
  const isMember = (entry: ProcessEntry) =>
    groups.has(entry.group) ||
    members.has(entry.parent) ||
    known.get(entry.pid)?.started === entry.started ||
    isOurs(entry);
  for (let grown = true; grown; ) {
    grown = false;
    for (const entry of table) {
      if (members.has(entry.pid) || !isMember(entry)) continue;
      members.set(entry.pid, entry);
      groups.add(entry.group);
      grown = true;
    }
  }
  const rssBytes = [...members.values()].reduce((sum, entry) => sum + entry.rssBytes, 0);
  return { members: [...members.values()], rssBytes };
}

/**
 * SIGKILLs everybody that `find` finds in a reading of the process table, until it finds nobody or 2 s have
 * passed.
 */
export async function endFamily(find: (table: readonly ProcessEntry[]) => Family): Promise<void> {
  const deadline = performance.now() + KILL_WAIT_MS;
  for (let pauseMs = 2; performance.now() < deadline; pauseMs *= 2) {
    const { members } = find(await listProcesses());
    if (members.length === 0) return;
    signalGroups(members, "SIGKILL");
    await sleep(pauseMs);
  }
}

export interface TreeOptions {
  /** The pid of a child of this process that leads a group of its own. */
  readonly leader: number;
  /** The value of `MARK_VARIABLE` that the leader was started with. */
  readonly mark: string;
  readonly orphans: Orphans;
  readonly keeper: ProcessKeeper;
}

/**
 * All that descends from one child process. Its members are remembered from one reading to the next by pid
 * and start time, so that a process in a session of its own is found after its parent died, and nobody is
 * taken for it after it ended itself. What left between two readings is known by its mark.
 */
export class ProcessTree {
  readonly #options: TreeOptions;
  #members: ReadonlyMap<number, ProcessEntry> = new Map();
  #hasOthers = false;
  readonly #started: StartedProcesses;

  constructor(options: TreeOptions) {
    this.#options = options;
    this.#started = new StartedProcesses(options.leader);
    const leader = options.leader > 1 ? findProcess(options.leader) : undefined;
    if (leader !== undefined) this.#remember([leader]);
  }

  get leader(): number {
    return this.#options.leader;
  }

  /** Whether the last reading found nobody beside the leader. */
  get isLeaderAlone(): boolean {
    return !this.#hasOthers;
  }

  /** Takes in a reading of the process table. */
  observe(table: readonly ProcessEntry[]): Family {
    const { leader, mark, orphans } = this.#options;
    const marks = orphans.marksIn(table);
    const family = familyOf(table, this.#members, ({ pid }) => marks.get(pid) === mark);
    this.#remember(family.members);
    this.#hasOthers = family.members.some(({ pid }) => pid !== leader);
    return family;
  }

  /**
   * Whether anything beside the leader lives. Takes a reading of the table only when the last one, or what was
   * started since the last look, gives reason for one.
   */
  async hasOthers(): Promise<boolean> {
    if (this.#hasOthers || this.#started.mayInclude((entry, mark) => this.#mayBeMember(entry, mark)))
      this.observe(await listProcesses());
    return this.#hasOthers;
  }

  #mayBeMember(entry: ProcessEntry, mark: string): boolean {
    if (mark === this.#options.mark || this.#members.has(entry.parent)) return true;
    return [...this.#members.values()].some(({ group }) => group === entry.group);
  }

  signal(signal: NodeJS.Signals): void {
    signalGroups([...this.#members.values()], signal);
  }

  /**
   * SIGKILLs everybody; resolves when all are gone. Looks before it kills: afterwards nobody knows whose a
   * parentless process was.
   */
  async kill(): Promise<void> {
    await endFamily((table) => this.observe(table));
    this.#remember([]);
  }

  #remember(members: readonly ProcessEntry[]): void {
    const { keeper } = this.#options;
    const before = this.#members;
    this.#members = new Map(members.map((entry) => [entry.pid, entry]));
    const isIn = (map: typeof before, { pid, started }: ProcessEntry) => map.get(pid)?.started === started;
    for (const entry of before.values()) if (!isIn(this.#members, entry)) keeper.forget(entry);
    for (const entry of members) if (!isIn(before, entry)) keeper.watch(entry);
  }
}

/** Sends the signal to each group that one of the members proves to be theirs at this very moment. */
function signalGroups(members: readonly ProcessEntry[], signal: NodeJS.Signals): void {
  const signalled = new Set<number>();
  for (const { pid, started } of members) {
    const now = findProcess(pid);
    // To kill(2), minus one is everybody.
    if (now?.started !== started || now.group <= 1 || signalled.has(now.group)) continue;
    signalled.add(now.group);
    try {
      process.kill(-now.group, signal);
    } catch {
      // ESRCH: gone since; EPERM (macOS, zombies only): nothing left that could run
    }
  }
}
