import { readdir, readFile } from "node:fs/promises";

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
