import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { API_FAMILIES, SHARED_FAMILIES, WORKER_FAMILIES } from "@drover/metrics";
import { type Exposition, noPromtool, promtool, readExposition, waitFor } from "@drover/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DroverProcess } from "../src/drover-process.js";
import { ONLY_IN_FULL, System } from "../src/system.js";

const CLI = fileURLToPath(new URL("../../../apps/cli/bin/drover.mjs", import.meta.url));

let system: System;
beforeAll(async () => {
  const env = {
    ...{ DROVER_WORKER_PORT: "0", DROVER_SWEEP_INTERVAL: "300ms", DROVER_CONCURRENCY: "2" },
    ...{ DROVER_WEBHOOK_HTTP: "allow", DROVER_WEBHOOK_ALLOW: "127.0.0.1" },
  };
  system = await System.start({ apis: 2, workers: 1, processors: ["misbehave", "noop"], env });
});
afterAll(() => system.stop());

/** Where a worker listens, as its log says. */
function portOf(worker: DroverProcess): string {
  return /"port":(\d+)/.exec(worker.log)?.[1] ?? "";
}

async function read(url: string): Promise<Exposition> {
  const response = await fetch(url);
  expect([url, response.status]).toEqual([url, 200]);
  return readExposition(await response.text());
}

/** Number of the newest api. */
const newest = () => system.apis.length - 1;
const ofApi = () => read(`${system.url(newest())}/metrics`);
const ofWorker = (worker = system.workers.at(-1)) =>
  read(`http://127.0.0.1:${worker === undefined ? "" : portOf(worker)}/metrics`);

/** Submits to the processor that misbehaves, with further fields of the form. */
async function misbehave(params: object, fields: Readonly<Record<string, string>> = {}): Promise<string> {
  const form = new FormData();
  form.set("params", JSON.stringify(params));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", new Blob(["x"]), "x.txt");
  const response = await fetch(`${system.url(newest())}/api/processors/misbehave/jobs`, {
    method: "POST",
    body: form,
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { job_id: string }).job_id;
}

async function statusOf(id: string): Promise<string> {
  return (await system.client(newest()).get(id)).status;
}

/** A receiver whose port nobody listens on. */
const NOBODY = {
  url: "http://127.0.0.1:1/",
  secret: `whsec_${Buffer.alloc(32, 1).toString("base64")}`,
};

/** Lets jobs end in every way that there is; returns when all have. */
async function runJobs(): Promise<void> {
  const client = system.client(newest());
  const [first, second] = ["noop", "noop"].map((name) => client.submit(name, new Blob(["x"])));
  const ids = [
    (await first)?.job_id ?? "",
    (await second)?.job_id ?? "",
    await misbehave({ how: "invalid" }, { webhook: JSON.stringify(NOBODY) }),
    await misbehave({ how: "throw", until: 1 }), // its second attempt succeeds
    await misbehave({ how: "exit" }), // fails twice
    await misbehave({ how: "never" }, { timeout_ms: "300" }), // times out twice
  ];
  for (const id of ids) await client.wait(id);
  const cancelled = await misbehave({ how: "never" });
  await waitFor(async () => (await statusOf(cancelled)) === "running");
  const scale = await (await fetch(`${system.url(newest())}/api/scale/misbehave`)).json();
  expect(scale).toMatchObject({
    jobs: 1,
    active: 1,
    waiting: 0,
    prioritized: 0,
    slots: 2,
    jobs_per_slot: 0.5,
  });
  expect((await ofWorker()).value("drover_attempts_running", { processor: "misbehave" })).toBe(1);
  await client.cancel(cancelled);
  await client.wait(cancelled);
}

it("all that runs is counted: attempts by outcome, jobs by state, and statistics that outlive the processes", async () => {
  await runJobs();

  const worker = await waitFor(async () => {
    const shown = await ofWorker();
    const tried = shown.value("drover_webhook_attempts_total", { status: "pending", problem: "unreachable" });
    return (tried ?? 0) > 0 ? shown : undefined; // it is tried again after some seconds
  });
  expect(worker.families.toSorted()).toEqual(
    [...Object.keys(WORKER_FAMILIES), ...Object.keys(SHARED_FAMILIES)].toSorted(),
  );
  const attempts = (processor: string, outcome: string, code = "") =>
    worker.value("drover_attempts_ended_total", { processor, outcome, code });
  expect(attempts("noop", "completed")).toBe(2);
  expect(attempts("misbehave", "completed")).toBe(1);
  expect(attempts("misbehave", "failed", "input_invalid")).toBe(1);
  expect(attempts("misbehave", "failed", "processor_error")).toBe(1);
  expect(attempts("misbehave", "failed", "crashed")).toBe(2);
  expect(attempts("misbehave", "failed", "timeout")).toBe(2);
  expect(attempts("misbehave", "cancelled")).toBe(1);
  const retries = (code: string) => worker.value("drover_attempt_retries_total", { code });
  expect([retries("processor_error"), retries("crashed"), retries("timeout")]).toEqual([1, 1, 1]);
  expect(worker.value("drover_job_wait_seconds_count")).toBe(7);
  expect(worker.value("drover_attempt_duration_seconds_count", { processor: "misbehave" })).toBe(8);
  expect(worker.value("drover_worker_ready")).toBe(1);
  expect(worker.value("drover_children", { processor: "noop" })).toBeGreaterThanOrEqual(1);
  expect(worker.value("drover_children_resident_memory_bytes", { processor: "noop" })).toBeGreaterThan(20e6);
  expect(worker.value("drover_storage_free_bytes")).toBeGreaterThan(0);

  const api = await waitFor(async () => {
    const shown = await ofApi();
    return shown.value("drover_jobs", { state: "failed" }) === 4 ? shown : undefined;
  });
  expect(api.families.toSorted()).toEqual(
    [...Object.keys(API_FAMILIES), ...Object.keys(SHARED_FAMILIES)].toSorted(),
  );
  expect(api.value("drover_jobs", { state: "completed", processor: "noop" })).toBe(2);
  expect(api.value("drover_jobs", { state: "completed", processor: "misbehave" })).toBe(1);
  expect(api.value("drover_redis_durable")).toBe(1);

  const expected = { completed: 3, failed: 3, cancelled: 1, success_rate: 0.5 };
  const stats = await waitFor(async () => {
    const found = await system.client(1).stats({ window: "1h" });
    return found.total.completed + found.total.failed + found.total.cancelled === 7 ? found : undefined;
  });
  expect(stats.total).toMatchObject({
    ...expected,
    failures: { input_invalid: 1, crashed: 1, timeout: 1 },
  });

  const { stdout } = await promisify(execFile)(process.execPath, [CLI, "stats", "--window", "1h", "--json"], {
    env: { DROVER_URL: system.url() },
  });
  expect(JSON.parse(stdout)).toMatchObject({ window: "1h", total: stats.total });

  // The same from processes that were not there: all of them are killed, and started again.
  await Promise.all([...system.apis, ...system.workers].map((each) => each.kill()));
  await system.startApi();
  await system.startWorker();
  const after = await system.client(newest()).stats({ window: "7d" });
  expect(after.total).toEqual(stats.total);
});

it.skipIf(ONLY_IN_FULL !== "")(
  `a sweep is counted by the worker that did it, with what is stored${ONLY_IN_FULL}`,
  async () => {
    // Longer than the lease of a sweeper that was killed.
    const shown = await waitFor(
      async () => {
        const now = await ofWorker();
        const isSwept = (now.value("drover_sweeps_total", { result: "whole" }) ?? 0) > 0;
        return isSwept && (now.value("drover_stored_bytes", { kind: "inputs" }) ?? 0) > 0 ? now : undefined;
      },
      { deadlineMs: 40_000 },
    );
    expect(shown.value("drover_sweep_duration_seconds_count")).toBeGreaterThan(0);
    expect(shown.value("drover_swept_total", { what: "jobs_restored" })).toBe(0);
  },
);

it.skipIf(ONLY_IN_FULL !== "")(
  `a worker that dies is counted by the one that finds its job${ONLY_IN_FULL}`,
  async () => {
    const id = await misbehave({ how: "never" });
    await waitFor(async () => (await statusOf(id)) === "running");
    const other = await system.startWorker();
    await system.workers.at(-2)?.kill();
    await waitFor(
      async () =>
        (await ofWorker(other)).value("drover_workers_lost_total", { processor: "misbehave" }) === 1,
      { deadlineMs: 30_000 },
    );
    await system.client(newest()).cancel(id);
  },
);

it(`what api and worker show is clean to promtool${noPromtool()}`, async ({ skip }) => {
  if (noPromtool() !== "") skip();
  const shown = [await read(`${system.url(newest())}/metrics`), await ofWorker()];
  for (const { text } of shown)
    expect(await promtool(["check", "metrics"], text)).toEqual({ code: 0, said: "" });
});
