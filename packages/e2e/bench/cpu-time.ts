import { readdirSync, readFileSync } from "node:fs";

/** Ticks a second of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time that a process and its living descendants have used so far, in ms, user and system together.
 * @returns `undefined` where there is no /proc.
 */
export function cpuTimeMs(pid: number): number | undefined {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const entry of entriesOfProc()) {
    const stat = statOf(entry);
    if (stat === undefined) continue;
    parents.set(entry, stat.parent);
    ticks.set(entry, stat.ticks);
  }
  if (!ticks.has(pid)) return undefined;
  let sum = 0;
  for (const [entry, own] of ticks) if (isBelow(entry, pid, parents)) sum += own;
  return (sum * 1_000) / TICKS_PER_SECOND;
}

function isBelow(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
    if (at === ancestor) return true;
  }
  return false;
}

function entriesOfProc(): readonly number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Own time, and that of children that ended and were waited for (proc(5): fields 14 to 17). */
function statOf(pid: number): { readonly parent: number; readonly ticks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // ended meanwhile
  }
}
