import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listProcesses, pidSpace } from "@drover/process-guard";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweepDeadWorkers, WorkerFolder } from "../src/worker-folder.js";
import { areGone, pidsFrom } from "./executor-bench.js";
import { recordingLog } from "./test-attempt.js";

let attempts: string;
beforeEach(() => {
  attempts = mkdtempSync(join(tmpdir(), "drover-attempts-"));
});
afterEach(() => rmSync(attempts, { recursive: true }));

/**
 * Starts a process that runs one attempt of a fixture, and waits until it runs.
 * @returns the numbers of the attempt's processes.
 */
async function host(fixture: string, ...more: string[]): Promise<{ worker: ChildProcess; pids: number[] }> {
  const note = join(attempts, `note-${randomUUID()}`);
  const script = fileURLToPath(new URL("./dist/host.js", import.meta.url));
  const worker = spawn(process.execPath, [script, fixture, note, attempts, ...more], {
    stdio: "ignore",
  });
  const pids = await pidsFrom(note);
  rmSync(note);
  return { worker, pids };
}

async function killed(worker: ChildProcess): Promise<void> {
  const gone = once(worker, "exit");
  worker.kill("SIGKILL");
  await gone;
}

test.each(["blocks", "spawns", "ignores-signals", "never-returns"])(
  "an attempt that %s is gone within 1 s of a kill -9 of its worker, with all that it started",
  async (fixture) => {
    const { worker, pids } = await host(fixture);
    expect(await areGone(pids)).toBe(false);
    await killed(worker);
    await waitFor(() => areGone(pids), { what: "the attempt's processes are gone", deadlineMs: 1_000 });
  },
);

test("a guardian that was killed is replaced and knows the processes of its predecessor", async () => {
  const { worker, pids } = await host("blocks");
  const guardianOf = async () => {
    const table = await listProcesses();
    // Of the worker's own processes, only the guardian and the children lead groups.
    const leaders = table.filter((entry) => entry.parent === worker.pid && entry.group === entry.pid);
    return leaders.find((entry) => !pids.includes(entry.pid))?.pid;
  };
  const first = (await guardianOf()) ?? 0;
  process.kill(first, "SIGKILL");
  await waitFor(
    async () => {
      const next = await guardianOf();
      return next !== undefined && next !== first;
    },
    { what: "there is another" },
  );
  await killed(worker);
  await waitFor(() => areGone(pids), { what: "the attempt's processes are gone", deadlineMs: 1_000 });
});

test("without a guardian a child that is not blocked still ends with its worker", async () => {
  const { worker, pids } = await host("spawns", "no-guardian");
  await killed(worker);
  await waitFor(() => areGone(pids), { what: "the attempt's processes are gone", deadlineMs: 1_000 });
});

test("a starting worker kills what worker and guardian left when both were killed, and removes the folder", async () => {
  const { worker, pids } = await host("blocks", "no-guardian");
  await killed(worker);
  expect(await areGone(pids), "a blocked child survives so far").toBe(false);
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(1);
  await waitFor(() => areGone(pids), { what: "the attempt's processes are gone", deadlineMs: 1_000 });
  expect(readdirSync(attempts)).toEqual([]);
});

test("a living worker's folder is left alone", async () => {
  const { worker } = await host("spawns");
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(0);
  await killed(worker);
});

test("F22: a stranger with the number of a process that a dead worker recorded lives", async () => {
  const folder = join(attempts, "dead-worker");
  mkdirSync(join(folder, "processes"), { recursive: true });
  writeFileSync(
    join(folder, "owner.json"),
    JSON.stringify({ pid: 2 ** 22, started: "0", space: pidSpace() }),
  );
  const stranger = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  writeFileSync(join(folder, "processes", String(stranger.pid)), "another start time");
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(1);
  expect(await areGone([stranger.pid ?? 0])).toBe(false);
  stranger.kill();
});

test("a worker of another version that recorded itself otherwise is not taken for dead while it is young", async () => {
  const folder = join(attempts, "earlier-version");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "owner.json"),
    JSON.stringify({ pid: process.pid, startedAt: "0", space: pidSpace() }),
  );
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(0);
});

test("the folder of a worker in another container goes only when it was silent for long", async () => {
  const folder = join(attempts, "elsewhere");
  mkdirSync(folder);
  const owner = join(folder, "owner.json");
  writeFileSync(owner, JSON.stringify({ pid: process.pid, started: "0", space: "another boot" }));
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(0);
  const longAgo = new Date(Date.now() - 11 * 60_000);
  utimesSync(owner, longAgo, longAgo);
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(1);
});

test("a worker's folder is its own as long as it lives, and gone when it is removed", async () => {
  const own = new WorkerFolder(attempts, "w1");
  await own.open();
  expect(await sweepDeadWorkers(attempts, recordingLog())).toBe(0);
  await own.remove();
  expect(existsSync(own.path)).toBe(false);
});
