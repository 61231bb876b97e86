import { findProcess, listProcesses } from "@drover/process-guard";
import type { Runner } from "./children/runner.js";

type WithChildren = Pick<Runner, "children">;

/** What reads the resident memory of processes by their ids, in bytes; 0 for one that is gone. */
export async function memoryReader(): Promise<(pid: number) => number> {
  // One file of /proc for each process; elsewhere one `ps` for all of them.
  const all = process.platform === "linux" ? undefined : await listProcesses();
  return (pid) =>
    (all === undefined ? findProcess(pid) : all.find((entry) => entry.pid === pid))?.rssBytes ?? 0;
}

/** Resident memory of this process and of the child processes of the runners, without what these have started. */
export async function residentBytesOf(served: readonly { readonly runner: WithChildren }[]): Promise<number> {
  const bytesOf = await memoryReader();
  const children = served.flatMap(({ runner }) => runner.children);
  return children.reduce((sum, { pid }) => sum + bytesOf(pid), process.memoryUsage.rss());
}
