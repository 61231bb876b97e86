import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readComposeFile } from "./compose-file.js";
import { ComposedContainers, docker, isHealthy, urlOf } from "./docker.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const hasEngine = inject("hasDockerEngine");
const page = (path: string) => readFile(join(ROOT, path), "utf8");
const reason = hasEngine ? "" : " (skipped: no Docker engine answers)";

describe.skipIf(!hasEngine)(`the containers of docker-compose.yml${reason}`, { timeout: 120_000 }, () => {
  const file = readComposeFile();
  const { redis, api, worker } = file.services;
  const apiKey = randomBytes(24).toString("hex");
  const containers = new ComposedContainers({ DROVER_API_KEYS: `ops:submit+read+admin:${apiKey}` });
  const images: string[] = [];
  let redisId = "";
  let apiId = "";
  const workers: string[] = [];

  beforeAll(async () => {
    // The network of this machine, so that npm reaches the registry that this machine does.
    await docker("build", "--network", "host", "--tag", containers.name, ROOT);
    images.push(containers.name);
    await containers.start(file);
    await containers.giveVolume("redis", redis.image, redis.user ?? "");
    redisId = await containers.run("redis", redis.image, redis);
    await waitFor(() => isHealthy(redisId), { deadlineMs: 60_000, what: "Redis" });
    apiId = await containers.run("api", containers.name, api);
    for (let i = 0; i < 2; i++) workers.push(await containers.run("worker", containers.name, worker));
  }, 900_000);
  afterAll(async () => {
    await containers.remove();
    for (const image of images) await docker("rmi", "--force", image);
  }, 120_000);

  const client = async () => createClient({ baseUrl: await urlOf(apiId, 8000), apiKey });
  const liveWorkers = async () =>
    (await (await client()).processors()).find(({ name }) => name === "checksum")?.workers;

  it("become healthy by the image's own check", async () => {
    for (const id of [apiId, ...workers])
      await waitFor(() => isHealthy(id), { deadlineMs: 60_000, what: id });
    await waitFor(async () => (await liveWorkers()) === 2, { deadlineMs: 30_000, what: "both workers" });
  });

  it("run jobs that are sent by HTTP, and serve what they made", async () => {
    const jobs = await Promise.all(
      Array.from({ length: 10 }, async (_, i) =>
        (await client()).submit("checksum", new Blob([`file ${i}`])),
      ),
    );
    for (const { job_id } of jobs) {
      const job = await (await client()).wait(job_id);
      expect(job).toMatchObject({ status: "completed", attempt: 1 });
      const url = new URL(`/api/jobs/${job_id}/download`, await urlOf(apiId, 8000));
      const response = await fetch(url, { headers: { Authorization: `Bearer ${apiKey}` } });
      expect((await response.text()).length).toBeGreaterThan(64);
    }
  });

  it("serve a processor of one's own from an image that is made of this one, as the documentation has it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-image-"));
    const [, dockerfile = ""] =
      /```dockerfile\n(.*?)```/s.exec(await page("docs/writing-a-processor.md")) ?? [];
    const [, wordCount = ""] = /```js\n(\/\/ word-count\.mjs.*?)```/s.exec(await page("README.md")) ?? [];
    await writeFile(join(folder, "Dockerfile"), dockerfile.replace("FROM drover", `FROM ${containers.name}`));
    await writeFile(join(folder, "word-count.mjs"), wordCount);
    const ownImage = `${containers.name}-own`;
    await docker("build", "--tag", ownImage, folder);
    images.unshift(ownImage);
    await rm(folder, { recursive: true });
    const ownWorker = await containers.run("own-worker", ownImage, worker);
    const names = async () => (await (await client()).processors()).map(({ name }) => name);
    await waitFor(async () => (await names()).includes("word-count"), { deadlineMs: 60_000, what: "it" });
    expect(await names()).toEqual(expect.arrayContaining(["checksum", "moodle-log"]));
    const input = new File(["one two three"], "a.txt");
    const { job_id } = await (await client()).submit("word-count", input);
    expect(await (await client()).wait(job_id)).toMatchObject({ status: "completed", result: { words: 3 } });
    await docker("stop", "--time", "30", ownWorker);
  });

  it("write nothing but to volumes and memory, have no capability and can get none, and reach Redis only from inside", async () => {
    for (const id of [redisId, apiId, ...workers]) {
      expect(await docker("exec", id, "id", "-u")).not.toBe("0");
      await expect(docker("exec", id, "touch", "/usr/local/here")).rejects.toThrow(/Read-only file system/);
      const status = await docker("exec", id, "cat", "/proc/1/status");
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^CapBnd:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      const limits = "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}";
      expect(await docker("inspect", "--format", limits, id)).toMatch(/^[1-9]\d+ [1-9]\d+ [1-9]\d+$/);
    }
    await docker("exec", apiId, "touch", "/tmp/here", "/data/here", "/var/lib/drover/here");
    await docker("exec", apiId, "rm", "/data/here");
    expect(await docker("port", apiId)).toMatch(/^8000\/tcp -> 127\.0\.0\.1:\d+$/);
    for (const id of [redisId, ...workers]) expect(await docker("port", id)).toBe("");
  });

  it("stop in order", async () => {
    const [first = ""] = workers;
    await docker("stop", "--time", "30", first);
    expect(await docker("inspect", "--format", "{{.State.ExitCode}}", first)).toBe("0");
    await waitFor(async () => (await liveWorkers()) === 1, { deadlineMs: 10_000, what: "the other alone" });
  });
});

describe.skipIf(!hasEngine)(`the queue on the Redis of a container${reason}`, () => {
  it("passes its tests", { timeout: 300_000 }, async () => {
    const { REDIS_URL: _, ...env } = process.env;
    const vitest = [`${ROOT}node_modules/vitest/vitest.mjs`, "run", "--project", "unit", "packages/queue"];
    const { stdout } = await promisify(execFile)(process.execPath, vitest, { cwd: ROOT, env });
    expect(stdout).toMatch(/Tests .*passed/);
  });
});
