import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningRedis, startRedis } from "@drover/embedded-redis";
import { canMount, mountFolder, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DroverProcess } from "../src/drover-process.js";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CliProcess } from "./cli-process.js";

/** A process that would erase all that it takes for old or for nobody's, and look for it all the time. */
const EAGER = {
  DROVER_SWEEP_INTERVAL: "100ms",
  DROVER_ORPHAN_GRACE: "0s",
  DROVER_RETENTION_COMPLETED: "1s",
  DROVER_RETENTION_FAILED: "1s",
};

/**
 * Files of jobs; each process adds a canary and temporary files of its own, and deleted jobs leave their ids.
 */
async function jobFiles(blobs: string): Promise<readonly string[]> {
  const entries = await readdir(blobs, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return files.filter((path) => !/\/(\.tmp|\.drover|tombstones)\//.test(path)).sort();
}

async function submit(url: string): Promise<{ status: number; code?: string; detail?: string }> {
  const form = new FormData();
  form.append("file", new Blob(["x"]), "x.txt");
  const response = await fetch(`${url}/api/processors/digest/jobs`, { method: "POST", body: form });
  return { ...((await response.json()) as object), status: response.status };
}

async function readiness(process: DroverProcess): Promise<unknown> {
  return ((await (await fetch(`${process.url}/readyz`)).json()) as { code?: unknown }).code;
}

/** Resolves after the worker's sweeper was refused; it asks before every part of every sweep. */
async function refusedToSweep(worker: DroverProcess, said: RegExp): Promise<void> {
  await waitFor(() => said.test(worker.log) && /Sweep (of .*failed|put off)/.test(worker.log), {
    deadlineMs: 30_000,
    what: `the refusal of a sweep:\n${worker.log}`,
  });
}

describe("F20: a full storage and the wrong Redis", () => {
  let system: System;
  let empty: RunningRedis;
  let folder: string;
  let done: string;
  let waiting: string;
  let before: readonly string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-pairs-"));
    // Redis' users may use the keys of one prefix alone, and these tests use several.
    const counts = { apis: 1, workers: 1 };
    system = await System.start({ ...counts, processors: ["digest", "misbehave"], hasRedisUsers: false });
    empty = await startRedis({ dataDir: join(folder, "redis") });
    const client = system.client();
    done = (await client.submit("digest", new Blob(["done"]))).job_id;
    await client.wait(done);
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    waiting = (await client.submit("digest", new Blob(["later"]), { run_at: runAt })).job_id;
    const failed = await client.submit("misbehave", new Blob(["bad"]), { params: { how: "invalid" } });
    await client.wait(failed.job_id);
    // Three manifests, the inputs of the two jobs that may run, one artifact: the input of the completed job
    // goes some seconds later.
    before = await waitFor(
      async () => {
        const files = await jobFiles(system.blobs);
        return files.length === 6 ? files : undefined;
      },
      { deadlineMs: 30_000, what: "the input of the completed job to go" },
    );
  });
  afterEach(async () => {
    expect(await jobFiles(system.blobs), "no file is gone, none is new").toEqual(before);
    expect(await system.client().get(waiting)).toMatchObject({ status: "queued", attempt: 0 });
  });
  afterAll(async () => {
    await system.stop();
    await empty.stop();
    await rm(folder, { recursive: true });
  });

  it.each([
    ["an empty Redis", () => ({ REDIS_URL: empty.url })],
    ["another DROVER_QUEUE_PREFIX", () => ({ DROVER_QUEUE_PREFIX: "other" })],
  ])("a worker with %s says so, erases, restores and runs nothing, and is not ready", async (_what, env) => {
    const worker = await system.startStuckWorker({ ...EAGER, ...env() });
    await refusedToSweep(worker, /storage belongs to installation .* to none.*--adopt/);
    await worker.stop();
    expect(worker.log).not.toMatch(/"(restored|jobsExpired|inputsRemoved)":[1-9]|Attempt started/);
  });

  it.each([
    ["an empty Redis", () => ({ REDIS_URL: empty.url })],
    ["another DROVER_QUEUE_PREFIX", () => ({ DROVER_QUEUE_PREFIX: "other" })],
  ])(
    "an api with %s refuses submits as storage_not_shared, and knows that it cannot know a job",
    async (_what, env) => {
      const api = await system.startApi(env());
      expect(await submit(api.url)).toMatchObject({ status: 503, code: "storage_not_shared" });
      expect(await readiness(api)).toBe("storage_not_shared");
      expect((await fetch(`${api.url}/api/jobs/${done}`)).status).toBe(503);
      await api.stop();
    },
  );

  const reconcile = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    const cli = new CliProcess(["reconcile", ...args], { cwd: folder, env });
    return { code: await cli.exitCode(), output: cli.output };
  };

  it("drover reconcile refuses an empty Redis with exit code 1 and a sentence", async () => {
    const wrong = { ...system.env, ...EAGER, REDIS_URL: empty.url };
    const { code, output } = await reconcile(wrong);
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(/--adopt/) });
    expect(output).not.toContain(new URL(empty.url).password);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `drover reconcile without REDIS_URL starts no Redis in front of DROVER_STORAGE, with or without --adopt${ONLY_IN_FULL}`,
    async () => {
      const env = { DROVER_STORAGE: `file:${system.blobs}`, DROVER_DATA_DIR: join(folder, "data") };
      for (const args of [[], ["--adopt"]])
        expect(await reconcile(env, ...args)).toMatchObject({
          code: 1,
          output: expect.stringMatching(/REDIS_URL is not set/),
        });
      expect(await readdir(folder)).not.toContain("data");
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `a worker and an api with the right Redis and another storage say so, and take nothing${ONLY_IN_FULL}`,
    async () => {
      const env = { ...EAGER, DROVER_STORAGE: `file:${join(folder, "elsewhere")}` };
      await system.workers[0]?.stop(); // else it is the one that sweeps, and the wrong one would not come to it
      const worker = await system.startStuckWorker(env);
      const api = await system.startApi(env);
      await refusedToSweep(worker, /the storage has no installation file/);
      expect(await submit(api.url)).toMatchObject({ status: 503, code: "storage_not_shared" });
      await Promise.all([worker.stop(), api.stop()]);
      expect(await readdir(folder)).not.toContain("elsewhere");
      await system.startWorker();
      expect(worker.log).not.toMatch(/Attempt started/);
    },
  );

  it("then the right ones work as before, and say where they work without a secret", async () => {
    const { job_id } = await system.client().submit("digest", new Blob(["after"]));
    expect(await system.client().wait(job_id)).toMatchObject({ status: "completed", attempt: 1 });
    await (await system.client().download(done)).body?.cancel();
    for (const process of [system.apis[0], system.workers[0]]) {
      expect(process?.log).toMatch(
        /Redis 127\.0\.0\.1:\d+, database 0, prefix .*storage file:.*installation [0-9a-f-]{36}/,
      );
      expect(process?.log).not.toContain(new URL(system.redis.url).password);
    }
    await system.client().remove(job_id);
    await waitFor(async () => (await jobFiles(system.blobs)).length === before.length, {
      deadlineMs: 30_000,
    });
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `drover reconcile --adopt binds the empty Redis, and the unfinished job is in it${ONLY_IN_FULL}`,
    async () => {
      const right = { ...system.env, REDIS_URL: empty.url };
      expect((await reconcile(right, "--adopt")).code).toBe(0);
      const api = await system.startApi({ REDIS_URL: empty.url });
      // A manifest is taken for that of a lost job once it is 10 s old. The pair is bound by now.
      await waitFor(
        async () =>
          (await reconcile(right)).code === 0 &&
          (await fetch(`${api.url}/api/jobs/${waiting}`)).status === 200,
        { deadlineMs: 30_000 },
      );
      await api.stop();
    },
  );
});

describe("F19: api and worker on different folders", () => {
  let system: System;
  afterEach(() => system.stop());

  it.skipIf(ONLY_IN_FULL !== "")(
    `the worker on a second, empty folder is not ready, and submits answer 503 storage_not_shared${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 0 });
      await system.startStuckWorker({ DROVER_STORAGE: `file:${join(system.folder, "other")}` });
      await waitFor(async () => (await submit(system.url())).code === "storage_not_shared", {
        deadlineMs: 15_000,
      });
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `the api on a second, empty folder refuses submits when the worker was first${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 0, workers: 1 });
      await system.startApi({ DROVER_STORAGE: `file:${join(system.folder, "other")}` });
      expect(await submit(system.url())).toMatchObject({ status: 503, code: "storage_not_shared" });
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `a worker on a copy of the folder, with the same id in it, takes no job, and submits are refused${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 1 });
      await system.workers[0]?.stop();
      const copy = join(system.folder, "copy");
      await cp(system.blobs, copy, { recursive: true });
      // Made before the api that runs now was started.
      await rm(join(copy, ".drover/canary"), { recursive: true });
      const worker = await system.startStuckWorker({ DROVER_STORAGE: `file:${copy}` });
      await waitFor(() => worker.log.includes("The storage of this worker is not the one"), {
        deadlineMs: 15_000,
      });
      await waitFor(async () => (await submit(system.url())).code === "storage_not_shared", {
        deadlineMs: 15_000,
      });
      expect(worker.log).not.toMatch(/Attempt started/);
      await worker.stop();
      await system.startWorker();
      await waitFor(async () => (await submit(system.url())).status === 202, { deadlineMs: 30_000 });
    },
  );
});

describe.runIf(canMount())("F26: a storage that is unmounted under load", () => {
  it.skipIf(ONLY_IN_FULL !== "")(
    `is storage_unavailable until it is back, and its mount point stays empty${ONLY_IN_FULL}`,
    async () => {
      const base = await mkdtemp(join(tmpdir(), "drover-unmount-"));
      const [disk, point] = [join(base, "disk"), join(base, "point")];
      for (const path of [disk, point]) await mkdir(path);
      let mount = mountFolder(disk, point);
      const system = await System.start({
        apis: 1,
        workers: 1,
        env: { DROVER_STORAGE: `file:${point}`, DROVER_SWEEP_INTERVAL: "100ms" },
      });
      try {
        const accepted: string[] = [];
        let isOver = false;
        const load = Promise.all(
          [1, 2, 3].map(async () => {
            while (!isOver) {
              const answer = (await submit(system.url())) as { status: number; job_id?: string };
              if (answer.status === 202) accepted.push(answer.job_id ?? "");
              else expect(answer).toMatchObject({ status: 503, code: "storage_unavailable" });
            }
          }),
        );
        await waitFor(() => accepted.length > 5, { deadlineMs: 20_000 });
        mount.unmount();
        const [api, worker] = [system.apis[0], system.workers[0]];
        if (api === undefined || worker === undefined) throw new Error("not started");
        await waitFor(async () => (await readiness(api)) === "storage_unavailable", { deadlineMs: 15_000 });
        await waitFor(() => /storage_unavailable/.test(worker.log), { deadlineMs: 15_000 });
        expect(await readdir(point)).toEqual([]);
        mount = mountFolder(disk, point);
        const count = accepted.length;
        await waitFor(() => accepted.length > count, { deadlineMs: 15_000 });
        isOver = true;
        await load;
        const last = await system.client().wait(accepted.at(-1) ?? "");
        expect(last.status).toBe("completed");
      } finally {
        await system.stop();
        mount.unmount();
        await rm(base, { recursive: true });
      }
    },
  );
});
