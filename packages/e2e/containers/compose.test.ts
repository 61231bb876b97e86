import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readComposeFile } from "./compose-file.js";
import { ComposedContainers, docker, isHealthy, urlOf } from "./docker.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const hasEngine = inject("hasDockerEngine");
const reason = hasEngine ? "" : " (skipped: no Docker engine answers)";

describe.skipIf(!hasEngine)(`the containers of docker-compose.yml${reason}`, { timeout: 120_000 }, () => {
  const { redis, api, worker } = readComposeFile().services;
  const containers = new ComposedContainers();
  let image = "";
  let apiId = "";
  const workers: string[] = [];

  beforeAll(async () => {
    // The network of this machine, so that npm reaches the registry that this machine does.
    await docker("build", "--network", "host", "--tag", containers.name, ROOT);
    image = containers.name;
    await containers.start();
    const redisId = await containers.run("redis", redis.image, redis);
    await waitFor(() => isHealthy(redisId), { deadlineMs: 60_000, what: "Redis" });
    apiId = await containers.run("api", image, api);
    for (let i = 0; i < 2; i++) workers.push(await containers.run("worker", image, worker));
  }, 900_000);
  afterAll(async () => {
    await containers.remove();
    if (image !== "") await docker("rmi", "--force", image);
  }, 120_000);

  const client = async () => createClient({ baseUrl: await urlOf(apiId, 8000) });
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
      expect((await (await fetch(url)).text()).length).toBeGreaterThan(64);
    }
  });

  it("do not run as root, and stop in order", async () => {
    const [first = ""] = workers;
    expect(await docker("exec", first, "id", "-u")).not.toBe("0");
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
