import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "@drover/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { Guardian, identify, listProcesses, readMark } from "../src/index.js";
import { daemonOf, isGone, sleeper, wasLeftAlone } from "./processes.js";

const identityOf = (pid: number) => identify(pid) ?? { pid, started: "" };

test("F22: a guardian leaves a stranger alone that has the number of what it guarded", async () => {
  const stranger = sleeper();
  const ours = sleeper();
  const guardian = new Guardian();
  guardian.watch({ pid: stranger.pid, started: "1" }); // given as an argument
  guardian.start();
  guardian.watch({ pid: stranger.pid, started: "2" }); // given by the pipe
  guardian.watch(identityOf(ours.pid));
  guardian.close();
  await waitFor(() => isGone(ours.pid), { what: "the end of what comes after the stranger" });
  expect(await wasLeftAlone(stranger)).toBe(true);
});

test("what it was told to forget lives on", async () => {
  const kept = sleeper();
  const ours = sleeper();
  const guardian = new Guardian();
  guardian.start();
  for (const { pid } of [kept, ours]) guardian.watch(identityOf(pid));
  guardian.forget(identityOf(kept.pid));
  guardian.close();
  await waitFor(() => isGone(ours.pid));
  expect(await wasLeftAlone(kept)).toBe(true);
});

test("with a grace it asks with a SIGTERM first, and kills what does not end", async () => {
  const polite = sleeper("trap 'exit 0' TERM; sleep 60 & wait");
  const deaf = sleeper("trap '' TERM; while :; do sleep 1; done");
  // Each sleeps in a process of its own once its trap is set.
  const sleeps = async ({ pid }: typeof polite) =>
    (await listProcesses()).some(({ parent }) => parent === pid);
  await waitFor(async () => (await sleeps(polite)) && (await sleeps(deaf)));
  const guardian = new Guardian({ graceMs: 500 });
  const exitOf = (child: typeof polite) =>
    new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
  const exits = Promise.all([exitOf(polite), exitOf(deaf)]);
  guardian.start();
  for (const { pid } of [polite, deaf]) guardian.watch(identityOf(pid));
  guardian.close();
  expect(await exits).toEqual([0, "SIGKILL"]);
});

test("a daemon that nobody listed ends by its mark, one with another mark does not", async () => {
  const ours = await daemonOf("w1.1");
  const others = await daemonOf("w10.1");
  const guardian = new Guardian({ markPrefix: "w1." });
  guardian.start();
  guardian.close();
  await waitFor(() => isGone(ours.daemon) && isGone(ours.leader));
  expect([isGone(others.daemon), isGone(others.leader)]).toEqual([false, false]);
});

test("what starts between a look and a kill is found by a later look, and so is what showed no mark", async () => {
  const folder = mkdtempSync(join(tmpdir(), "drover-guard-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { leader, daemon } = await daemonOf("w2.1");
  const marked = async () => (await listProcesses()).filter(({ pid }) => readMark(pid).startsWith("w2."));
  onTestFinished(async () => {
    for (const { pid } of await marked()) process.kill(pid, "SIGKILL");
  });
  const late = fileURLToPath(new URL("./fixtures/late", import.meta.url));
  vi.stubEnv("PATH", `${late}:${process.env.PATH}`);
  vi.stubEnv("LOOKS", join(folder, "looks"));
  onTestFinished(() => void vi.unstubAllEnvs());
  const guardian = new Guardian({ markPrefix: "w2." });
  guardian.start();
  await guardian.close();
  await waitFor(() => isGone(daemon) && isGone(leader));
  expect(await marked()).toEqual([]);
});
