import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ONLY_IN_FULL } from "../src/system.js";
import { apiUrl, CliProcess, descendants, isRunning } from "./cli-process.js";

let folder: string;
const started: CliProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-up-"));
  mkdirSync(join(folder, "tmp"));
});

afterEach(async () => {
  for (const cli of started.splice(0)) {
    cli.signal("SIGKILL");
    await cli.exitCode();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

function drover(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  const cli = start(folder, args, env);
  started.push(cli);
  return cli;
}

function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  return new CliProcess(args, {
    cwd,
    env: { PORT: "0", DROVER_PROCESSORS: "@drover/processor-checksum", ...env },
  });
}

async function checksumOf(url: string, text: string): Promise<unknown> {
  const client = createClient({ baseUrl: url });
  const job = await client.submit("checksum", new Blob([text]), { idempotencyKey: text });
  return (await client.wait(job.job_id)).result;
}

/** Resolves when none of the processes runs. */
function allGone(pids: readonly number[], deadlineMs: number): Promise<unknown> {
  const left = () => pids.filter(isRunning);
  return waitFor(() => left().length === 0, { deadlineMs, what: `the end of ${pids.join(", ")}` });
}

describe("an up that serves", () => {
  let folder: string;
  let up: CliProcess;
  let url: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "drover-up-"));
    up = start(folder, ["up", "--workers", "2"]);
    url = await apiUrl(up);
  });
  afterAll(async () => {
    up.signal("SIGKILL");
    await up.exitCode();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  test("refuses a second up on the same data, naming itself", async () => {
    const second = start(folder, ["up"]);
    expect(await second.exitCode()).toBe(2);
    expect(second.output).toContain(`in use by process ${up.pid}`);
  });

  test("submit, status, list, download, cancel and delete do what they say, with their exit codes", async () => {
    writeFileSync(join(folder, "a.txt"), "hello\n");
    const run = async (...args: readonly string[]) => {
      const cli = start(folder, args, { DROVER_URL: url });
      return { code: await cli.exitCode(), output: cli.output };
    };
    const submitted = await run(
      "submit",
      "a.txt",
      "-p",
      "checksum",
      "--tag",
      "course=CS101",
      "--output",
      "out/",
    );
    expect(submitted).toMatchObject({ code: 0, output: expect.stringMatching(/100\.0 % {2}completed/) });
    expect(readFileSync(join(folder, "out/checksum.txt"), "utf8")).toMatch(/^5891b5b522d5.* {2}a\.txt\n$/);
    const [job] = JSON.parse((await run("list", "--tag", "course=CS101", "--json")).output);
    expect(JSON.parse((await run("status", job.job_id, "--json")).output)).toMatchObject({
      status: "completed",
    });
    expect(await run("cancel", job.job_id)).toMatchObject({
      code: 1,
      output: expect.stringContaining("job_already_finished"),
    });
    expect((await run("delete", job.job_id)).code).toBe(0);
    expect(await run("status", job.job_id)).toMatchObject({
      code: 1,
      output: expect.stringContaining("job_not_found"),
    });
    expect((await run("submit", "a.txt", "-p", "checksum", "--tag", "nonsense")).code).toBe(2);
    expect((await run("submit", "missing.txt", "-p", "checksum")).code).toBe(2);
  });

  test("ends every process in order after a Ctrl-C, with exit code 0", async () => {
    expect(await checksumOf(url, "hello\n")).toMatchObject({ size_bytes: 6 });
    const pids = descendants(up.pid);
    // Redis, its guardian, an api, two workers and their children.
    expect(pids.length).toBeGreaterThanOrEqual(6);
    up.signal("SIGINT");
    up.signal("SIGINT"); // what npm adds to a Ctrl-C in a terminal
    expect(await up.exitCode()).toBe(0);
    expect(up.output).toContain("api      │");
    expect(up.output).toContain("worker 2 │");
    await allGone(pids, 2_000);
  });
});

test("when up is killed with -9, Redis, api, workers and their children are gone within seconds, and the next up has the data", async () => {
  const first = drover(["up"]);
  const client = createClient({ baseUrl: await apiUrl(first) });
  const job = await client.submit("checksum", new Blob(["hello\n"]));
  const pids = descendants(first.pid);
  first.signal("SIGKILL");
  await allGone(pids, 20_000); // 2 s on a machine that has nothing else to do
  const second = createClient({ baseUrl: await apiUrl(drover(["up"])) });
  expect((await second.wait(job.job_id)).status).toBe("completed");
});

test.skipIf(ONLY_IN_FULL !== "")(
  `when up is killed while it starts, nothing of what it started stays${ONLY_IN_FULL}`,
  async () => {
    const up = drover(["up"]);
    await up.printed(/Redis: /);
    const pids = await waitFor(() => {
      const found = descendants(up.pid);
      // Redis, its guardian, an api and a worker, both still loading.
      return found.length >= 4 ? found : undefined;
    });
    up.signal("SIGKILL");
    await allGone(pids, 30_000);
  },
);

test.skipIf(ONLY_IN_FULL !== "")(
  `an api, a worker and a Redis that die are started again, and said so${ONLY_IN_FULL}`,
  async () => {
    const up = drover(["up"]);
    const url = await apiUrl(up);
    const before = await checksumOf(url, "before");
    const [, api, worker] = (await up.printed(/api (\d+), worker (\d+)/)).map(Number);
    const lock = JSON.parse(readFileSync(join(folder, ".drover/redis/redis.lock"), "utf8"));
    for (const pid of [api, worker, lock.redis.pid]) process.kill(pid, "SIGKILL");
    await up.printed(/The api died.*starting it again/);
    await up.printed(/The worker died.*starting it again/);
    await up.printed(/Redis died; starting it again on the same data/);
    expect(await checksumOf(url, "after")).not.toEqual(before);
    // The key of before is still known: the data is the same.
    expect(await checksumOf(url, "before")).toEqual(before);
  },
);

test("a taken port is told with what to do, before anything is started", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const address = other.address();
  const port = typeof address === "object" ? address?.port : 0;
  const up = drover(["up"], { PORT: String(port) });
  expect(await up.exitCode()).toBe(2);
  expect(up.output).toContain(`Port ${port} of 127.0.0.1 is taken`);
  expect(up.output).toContain("PORT=");
  other.close();
});

test.skipIf(ONLY_IN_FULL !== "")(`a wrong setting stops up with every mistake${ONLY_IN_FULL}`, async () => {
  const up = drover(["up"], { DROVER_CONCURRENCY: "many", LOG_LEVEL: "loud" });
  expect(await up.exitCode()).toBe(2);
  expect(up.output).toContain("DROVER_CONCURRENCY: expected a whole number");
  expect(up.output).toContain("LOG_LEVEL: expected one of");
});

test("demo writes the event logs of the sample, ends with 0 and leaves no process and no data behind", async () => {
  const demo = drover(["demo"], { DROVER_PROCESSORS: "", TMPDIR: join(folder, "tmp") });
  await demo.printed(/are up after/);
  const pids = descendants(demo.pid);
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(demo.output).toMatch(/100\.0 % {2}completed/);
  const files = readdirSync(join(folder, "drover-demo"));
  expect(files).toEqual(
    expect.arrayContaining([
      "activities.csv",
      "dfg.csv",
      "enriched_log.csv",
      "enriched_log.xes",
      "enriched_log_bloom_only.csv",
      "enriched_log_bloom_only.xes",
      "report.html",
      "students.csv",
      "summary.json",
    ]),
  );
  expect(files.filter((name) => name.endsWith(".zip"))).toHaveLength(1);
  await allGone(pids, 2_000);
  expect(readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("drover-demo-"))).toEqual([]);
});

test("without a server a command says how to start one, and exits with 3", async () => {
  const cli = drover(["list"], { DROVER_URL: "http://127.0.0.1:1" });
  expect(await cli.exitCode()).toBe(3);
  expect(cli.output).toContain("npm start");
});
