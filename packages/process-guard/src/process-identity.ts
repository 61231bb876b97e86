import { readFileSync, readlinkSync } from "node:fs";
import { findProcess } from "./process-table.js";

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form the system tells it, without spaces; equal for one process, different for another. */
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
 * Names the space in which pids of this process mean something: two processes with one name see each other's processes.
 * Containers differ in it, and so do two boots of one machine.
 */
export function pidSpace(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return process.platform; // no /proc: no pid namespaces either; start times tell boots apart
  }
}
