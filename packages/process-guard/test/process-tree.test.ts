import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { waitFor } from "@drover/testkit";
import { expect, onTestFinished, test } from "vitest";
import { type ProcessIdentity, ProcessTree } from "../src/index.js";
import { Orphans } from "../src/orphaned-processes.js";
import { StartedProcesses } from "../src/started-processes.js";
import { daemonOf, entryOf, isGone, sleeper, wasLeftAlone } from "./processes.js";

function treeOf(leader: number, mark = "none"): { tree: ProcessTree; watched: Map<number, string> } {
  const watched = new Map<number, string>();
  const keeper = {
    watch: ({ pid, started }: ProcessIdentity) => void watched.set(pid, started),
    forget: ({ pid }: ProcessIdentity) => void watched.delete(pid),
  };
  return { tree: new ProcessTree({ leader, mark, orphans: new Orphans(), keeper }), watched };
}

test("F22: a stranger with the number of a member that ended lives when the tree is killed", async () => {
  const leader = sleeper();
  const stranger = sleeper();
  const { tree } = treeOf(leader.pid);
  // A reading from before the member ended: the same pid and group, started at another time.
  const ended = { ...entryOf(stranger.pid), parent: leader.pid, started: "1" };
  expect(tree.observe([entryOf(leader.pid), ended]).members).toHaveLength(2);
  await tree.kill();
  expect(isGone(leader.pid)).toBe(true);
  expect(await wasLeftAlone(stranger)).toBe(true);
});

test("F22: a stranger with the number of a member that ended gets no signal between two readings", async () => {
  const leader = sleeper();
  const stranger = sleeper();
  const { tree } = treeOf(leader.pid);
  tree.observe([entryOf(leader.pid), { ...entryOf(stranger.pid), parent: leader.pid, started: "1" }]);
  tree.signal("SIGKILL");
  await waitFor(() => isGone(leader.pid));
  expect(await wasLeftAlone(stranger)).toBe(true);
});

test("a process in a session of its own is a member after its parent died, and its group goes with it", async () => {
  const leader = sleeper();
  const child = sleeper("sleep 60 & wait");
  const { tree, watched } = treeOf(leader.pid);
  tree.observe([entryOf(leader.pid), { ...entryOf(child.pid), parent: leader.pid }]);
  leader.kill("SIGKILL");
  await waitFor(() => isGone(leader.pid));
  expect([...watched.keys()].sort()).toEqual([leader.pid, child.pid].sort());
  await tree.kill();
  expect(isGone(child.pid)).toBe(true);
  expect([...watched]).toEqual([]);
});

test("a member that ended is forgotten with the next reading", () => {
  const leader = sleeper();
  const { tree, watched } = treeOf(leader.pid);
  tree.observe([entryOf(leader.pid), { ...entryOf(process.pid), pid: 2 ** 22, parent: leader.pid }]);
  expect(watched.size).toBe(2);
  tree.observe([entryOf(leader.pid)]);
  expect([...watched.keys()]).toEqual([leader.pid]);
});

test("a daemon that nobody saw start is found by its mark, and killed", async () => {
  const { leader, daemon } = await daemonOf("w1.7");
  const { tree } = treeOf(leader, "w1.7");
  expect(await tree.hasOthers()).toBe(true);
  await tree.kill();
  expect([isGone(leader), isGone(daemon)]).toEqual([true, true]);
});

test("a look is spared while nothing was started, and finds what was started since", async () => {
  const leader = sleeper("kill -STOP $$; sleep 60 & wait", "w1.8");
  const { tree } = treeOf(leader.pid, "w1.8");
  const isStopped = () => spawnSync("ps", ["-o", "stat=", "-p", `${leader.pid}`]).stdout.includes("T");
  await waitFor(isStopped); // a SIGCONT before would be lost
  for (let look = 0; look < 3; look++) expect(await tree.hasOthers()).toBe(false);
  leader.kill("SIGCONT");
  await waitFor(() => tree.hasOthers());
  await tree.kill();
});

test("a look goes through what was started since, the threads of the leader apart, and says whose it is", async () => {
  const started = new StartedProcesses(process.pid);
  const looked = new Map<number, string>();
  const look = () => started.mayInclude(({ pid }, mark) => looked.set(pid, mark).size < 0);
  await waitFor(() => !look()); // the first one is of all that this process has started
  const thread = new Worker("setInterval(() => {}, 1_000)", { eval: true });
  onTestFinished(async () => void (await thread.terminate()));
  const sleeping = sleeper("exec sleep 60", "w1.10");
  await waitFor(() => !look() && looked.get(sleeping.pid) === "w1.10");
  expect([...looked.keys()].filter((pid) => existsSync(`/proc/self/task/${pid}`))).toEqual([]);
  await waitFor(() => {
    looked.clear();
    return !look() && !looked.has(sleeping.pid);
  });
});

test("a daemon with the mark of another child is left alone", async () => {
  const { daemon } = await daemonOf("w1.7");
  const leader = sleeper("exec sleep 60", "w1.70");
  const { tree } = treeOf(leader.pid, "w1.70");
  expect(await tree.hasOthers()).toBe(false);
  await tree.kill();
  expect(isGone(daemon)).toBe(false);
});

const inNamespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const canMakeNamespace = spawnSync("unshare", [...inNamespace, "true"]).status === 0;

test.skipIf(!canMakeNamespace)(
  "F22: a number that the system itself gave out again after its owner ended is the stranger's",
  async () => {
    const script = fileURLToPath(new URL("./fixtures/reuse.mjs", import.meta.url));
    const node = [process.execPath, script];
    const { stdout } = await promisify(execFile)("unshare", [...inNamespace, ...node]);
    expect(stdout).toBe("lives");
  },
);
