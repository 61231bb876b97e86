import { setTimeout as sleep } from "node:timers/promises";
import {
  type Family,
  familyOf,
  listProcesses,
  mayHaveChildren,
  type ProcessEntry,
  signalGroup,
} from "./process-table.js";

/** Hears which process groups have to end with the worker. */
export interface GroupKeeper {
  watch(group: number): void;
  forget(group: number): void;
}

/** How long the end of a killed family is waited for, in ms; a process in an uninterruptible read can take longer. */
const KILL_WAIT_MS = 2_000;

/**
 * All that descends from one child process. Groups that were once seen in the family stay known, so that a process in a session of its
 * own (`setsid`, `detached`) is found even after its parent died. Out of reach is only what leaves the group and its parents between two readings.
 */
export class Lineage {
  readonly #leader: number;
  readonly #keeper: GroupKeeper;
  readonly #groups = new Set<number>();
  #hasOthers = false;

  constructor(leader: number, keeper: GroupKeeper) {
    this.#leader = leader;
    this.#keeper = keeper;
    if (leader > 1) this.#adopt([leader]);
  }

  /** Takes in a reading of the process table. */
  observe(table: readonly ProcessEntry[]): Family {
    const family = familyOf(table, this.#leader, this.#groups);
    this.#adopt(family.groups);
    this.#hasOthers = family.members.some((member) => member.pid !== this.#leader);
    return family;
  }

  /** Whether anything beside the leader lives. Costs a full reading only when a cheap look, or the last reading, gave reason for one. */
  async hasOthers(): Promise<boolean> {
    if (this.#hasOthers || mayHaveChildren(this.#leader)) this.observe(await listProcesses());
    return this.#hasOthers;
  }

  signal(signal: NodeJS.Signals): void {
    for (const group of this.#groups) signalGroup(group, signal);
  }

  /** SIGKILLs everybody; resolves when all are gone. Looks before it kills: afterwards nobody knows whose a parentless process was. */
  async kill(): Promise<void> {
    const deadline = performance.now() + KILL_WAIT_MS;
    for (let pauseMs = 2; this.observe(await listProcesses()).members.length > 0; pauseMs *= 2) {
      if (performance.now() > deadline) break;
      this.signal("SIGKILL");
      await sleep(pauseMs);
    }
    for (const group of this.#groups) this.#keeper.forget(group);
    this.#groups.clear();
  }

  #adopt(groups: Iterable<number>): void {
    for (const group of groups) {
      if (this.#groups.has(group)) continue;
      this.#groups.add(group);
      this.#keeper.watch(group);
    }
  }
}
