import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { apiUrl, CliProcess } from "./cli-process.js";

const UNKNOWN = "12345678-1234-1234-1234-123456789abc";
const TIMES = { created_at: "2024-03-01T10:00:00.000Z", updated_at: "2024-03-01T10:05:00.250Z" };
const RESULT = { suggestions: [{ id: "s1", text: "Shorter.", severity: "info" }] };

let folder: string;
const started: CliProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-import-"));
  mkdirSync(join(folder, "old/jobs"), { recursive: true });
});

afterEach(async () => {
  for (const cli of started.splice(0)) {
    cli.signal("SIGKILL");
    await cli.exitCode();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

function drover(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  const settings = { PORT: "0", DROVER_PROCESSORS: "@drover/processor-checksum", ...env };
  const cli = new CliProcess(args, { cwd: folder, env: settings });
  started.push(cli);
  return cli;
}

/** Runs a command to its end. */
async function run(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const cli = drover(args);
  return { code: await cli.exitCode(), output: cli.output };
}

/** Puts a job file in place, as the earlier server left it; returns the job's id. */
function place(change: Readonly<Record<string, unknown>> = {}, id: string = randomUUID()): string {
  const record = { job_id: id, status: "completed", ...TIMES, progress: 100, result: RESULT, ...change };
  writeFileSync(join(folder, "old/jobs", `${id}.json`), JSON.stringify(record));
  return id;
}

function placeLog(lines: readonly object[]): string {
  const id = randomUUID();
  mkdirSync(join(folder, "old/jobs", id));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(join(folder, "old/jobs", id, "events.log"), text);
  return id;
}

async function read(url: string, path: string, method = "GET"): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}${path}`, { method });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

const jobStatus = (url: string, id: string) => read(url, `/api/job-status/${id}`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("the smoke test of the first existing client, with its files in place", () => {
  test("passes on a fresh up, from the first answer on", async () => {
    const completed = place();
    const failed = place({
      status: "failed",
      progress: 41.26,
      result: null,
      error_message: "No text in it.",
    });
    const running = place({ status: "running", progress: 40, result: null });
    const capitals = place({}, randomUUID().toUpperCase());
    const logged = placeLog([
      { status: "queued", ...TIMES, updated_at: TIMES.created_at, progress: 0 },
      { status: "running", progress: 40 },
      { status: "completed", progress: 100, updated_at: "2024-03-01T11:05:00.25+01:00", result: RESULT },
    ]);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const up = drover(["up"], { DROVER_IMPORT: "old", PORT: String(port) });
    const first = await waitFor(() => jobStatus(url, completed).catch(() => undefined), {
      deadlineMs: 60_000,
    });
    const whole = { status: "completed", ...TIMES, progress: 100, result: RESULT };
    expect(first).toEqual({ status: 200, body: { job_id: completed, ...whole } });
    for (const id of [logged, capitals, capitals.toLowerCase()])
      expect(await jobStatus(url, id)).toEqual({ status: 200, body: { job_id: id.toLowerCase(), ...whole } });
    expect(await jobStatus(url, failed)).toEqual({
      status: 200,
      body: { job_id: failed, status: "failed", ...TIMES, progress: 41.26, error_message: "No text in it." },
    });
    expect(await jobStatus(url, running)).toMatchObject({
      body: {
        status: "failed",
        ...TIMES,
        progress: 40,
        error_message: expect.stringMatching(/^The job was running/),
      },
    });
    expect(await jobStatus(url, UNKNOWN)).toMatchObject({ status: 404, body: { error: "Job not found" } });
    expect(await jobStatus(url, "not-a-uuid")).toMatchObject({
      status: 400,
      body: { error: "Invalid job_id format (must be UUID)" },
    });
    await apiUrl(up);
    expect(up.output).toContain("Imported 5 jobs, 0 already there, 0 left out.");
  });

  test.skipIf(ONLY_IN_FULL !== "")(
    `a job that was deleted stays so when up imports the folder again, and the others are not doubled${ONLY_IN_FULL}`,
    async () => {
      const [kept, deleted] = [place(), place()];
      const first = drover(["up"], { DROVER_IMPORT: "old" });
      const url = await apiUrl(first);
      expect((await read(url, `/api/jobs/${kept}/retry`, "POST")).body).toMatchObject({
        code: "job_already_finished",
      });
      expect((await read(url, `/api/jobs/${deleted}`, "DELETE")).status).toBe(204);
      first.signal("SIGTERM");
      await first.exitCode();
      const second = drover(["up"], { DROVER_IMPORT: "old" });
      const again = await apiUrl(second);
      expect(second.output).toContain(
        "Imported 0 jobs, 1 already there, 1 deleted or expired since, 0 left out.",
      );
      expect((await read(again, "/api/jobs")).body).toMatchObject({ jobs: [{ job_id: kept }] });
      expect((await jobStatus(again, deleted)).status).toBe(404);
    },
  );

  test.skipIf(ONLY_IN_FULL !== "")(`a folder that is not there stops no up${ONLY_IN_FULL}`, async () => {
    const up = drover(["up"], { DROVER_IMPORT: "nowhere" });
    await apiUrl(up);
    expect(up.output).toMatch(/import ended with exit code 2; its last lines say why/);
    expect(up.output).toMatch(/ENOENT.*nowhere/);
  });
});

describe("drover import", () => {
  test.skipIf(ONLY_IN_FULL !== "")(
    `adds jobs to an up that runs on the data folder, tells what it left out, and ends with 0${ONLY_IN_FULL}`,
    async () => {
      const url = await apiUrl(drover(["up"]));
      const id = place();
      writeFileSync(join(folder, "old/jobs/summary.json"), "{}");
      const refused = await run("import", "old");
      expect(refused).toMatchObject({
        code: 0,
        output: expect.stringContaining("Left out jobs/summary.json: expected"),
      });
      expect(refused.output).toContain("Imported 1 job, 0 already there, 1 left out.");
      expect((await jobStatus(url, id)).status).toBe(200);
      expect((await run("import", "old")).output).toContain("Imported 0 jobs, 1 already there, 1 left out.");
      expect((await read(url, `/api/jobs?processor=text-review`)).body).toMatchObject({
        jobs: [{ job_id: id }],
      });
      const reconciled = await run("reconcile");
      expect(reconciled).toMatchObject({
        code: 0,
        output: expect.stringContaining("is running and does the same"),
      });
      expect((await read(url, "/api/audit")).body).toMatchObject({
        actions: [
          { action: "reconcile", key_id: null, address: expect.stringContaining("@") },
          { action: "importJobs", target: join(folder, "old"), tenant: "default" },
          { action: "importJobs" },
        ],
      });
    },
  );

  test.skipIf(ONLY_IN_FULL !== "")(
    `works before the first start, under a processor that is known, and says what is wrong otherwise${ONLY_IN_FULL}`,
    async () => {
      const id = place();
      expect(await run("import", "old", "--processor", "nobody")).toMatchObject({
        code: 1,
        output: expect.stringContaining('No worker has served the processor "nobody"'),
      });
      expect(await run("import", "old")).toMatchObject({ code: 0 });
      expect(await run("import", "nowhere")).toMatchObject({
        code: 2,
        output: expect.stringContaining("is no folder"),
      });
      mkdirSync(join(folder, "empty"));
      expect(await run("import", "empty")).toMatchObject({
        code: 1,
        output: expect.stringContaining("Imported 0 jobs"),
      });
      const url = await apiUrl(drover(["up"]));
      expect((await jobStatus(url, id)).status).toBe(200);
    },
  );
});

test.skipIf(ONLY_IN_FULL !== "")(
  `workers that start together with the same folder import each job once${ONLY_IN_FULL}`,
  async () => {
    const ids = Array.from({ length: 30 }, () => place());
    const system = await System.start({ apis: 1, workers: 2, env: { DROVER_IMPORT: join(folder, "old") } });
    try {
      await waitFor(() => system.workers.every(({ log }) => /"Imported \d+ jobs/.test(log)), {
        deadlineMs: 30_000,
      });
      const counts = system.workers.map(({ log }) => Number(/"imported":(\d+)/.exec(log)?.[1]));
      expect(counts.reduce((sum, count) => sum + count)).toBe(ids.length);
      const { jobs } = await system.client().list({ limit: 100 });
      expect(jobs.map(({ job_id }) => job_id).sort()).toEqual(ids.sort());
    } finally {
      await system.stop();
    }
  },
);

test("imported jobs expire though no worker serves their processor", async () => {
  const id = place();
  const env = {
    DROVER_IMPORT: join(folder, "old"),
    DROVER_RETENTION_COMPLETED: "1s",
    DROVER_SWEEP_INTERVAL: "200ms",
  };
  const system = await System.start({ apis: 1, workers: 1, env });
  try {
    await waitFor(() => system.workers[0]?.log.includes("Imported 1 job,"), { deadlineMs: 30_000 });
    await waitFor(async () => (await jobStatus(system.url(), id)).status === 410, { deadlineMs: 30_000 });
  } finally {
    await system.stop();
  }
});
