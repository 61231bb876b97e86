import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis, waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CliProcess } from "./cli-process.js";

const SECRET = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const ENV = {
  DROVER_WEBHOOK_ALLOW: "127.0.0.1",
  DROVER_WEBHOOK_HTTP: "allow",
  DROVER_SWEEP_INTERVAL: "500ms",
  DROVER_RETENTION_FAILED: "4s",
};

describe("api and worker as the users of deploy/redis/users.acl", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      ...{ apis: 1, workers: 1, processors: ["digest", "misbehave"], env: ENV, hasRedisUsers: true },
    });
  });
  afterAll(() => system.stop());

  const get = async (path: string) => {
    const response = await fetch(system.url() + path);
    return [response.status, await response.text()] as const;
  };

  /** What Redis refused its users since it was started. */
  async function refusedCommands(): Promise<readonly string[]> {
    const redis = new Redis(system.redis.url);
    const log = (await redis.call("ACL", "LOG")) as readonly (readonly unknown[])[];
    redis.disconnect();
    return [...new Set(log.map((entry) => String(entry[entry.indexOf("object") + 1])))];
  }
  // Asked for and done without: how often Redis syncs (CONFIG GET would show passwords too), and the board's
  // list of connections.
  const DISPENSABLE = /^(config|client)(\|(get|list))?$/;
  const nothingNeeded = (commands: readonly string[]) =>
    expect(commands.filter((command) => !DISPENSABLE.test(command))).toEqual([]);

  it("run, show, retry, cancel, sweep and tell of jobs", async () => {
    const client = system.client();
    const told: string[] = [];
    const receiver = createServer((request, response) => {
      told.push(String(request.headers["webhook-id"]));
      request.resume();
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void receiver.close());
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;

    const { job_id } = await client.submit("digest", new Blob(["one"]), {
      ...{ params: { ms: 300 }, webhook: { url, secret: SECRET }, tags: { a: "b" }, idempotencyKey: "once" },
    });
    const events: string[] = [];
    for await (const { type } of client.stream(job_id)) events.push(type);
    expect(events).toEqual(expect.arrayContaining(["snapshot", "progress", "ended"]));
    expect(await client.get(job_id, { include: "timeline" })).toMatchObject({
      status: "completed",
      progress: 100,
    });
    await waitFor(() => told.length === 1, { what: "the webhook" });

    const failing = await client.submit("misbehave", new Blob(["x"]), { params: { how: "invalid" } });
    expect((await client.wait(failing.job_id)).status).toBe("failed");
    await client.retry(failing.job_id);
    expect((await client.wait(failing.job_id)).status).toBe("failed");
    const running = await client.submit("digest", new Blob(["x"]), { params: { ms: 60_000 } });
    await waitFor(async () => (await client.get(running.job_id)).status === "running");
    await client.cancel(running.job_id);
    expect((await client.wait(running.job_id)).status).toBe("cancelled");
    const later = await client.submit("digest", new Blob(["x"]), {
      run_at: new Date(Date.now() + 500).toISOString(),
    });
    expect((await client.wait(later.job_id)).status).toBe("completed");

    const tagged = await get("/api/jobs?tag.a=b&status=completed");
    expect(tagged).toEqual([200, expect.stringContaining(job_id)]);
    expect(await get("/metrics")).toEqual([200, expect.stringContaining("drover_redis_up 1")]);
    expect(await get("/api/stats?window=1h")).toEqual([200, expect.stringContaining('"completed":')]);
    for (const path of ["/api/scale/digest", "/api/processors", "/readyz", `/api/jobs/${job_id}/logs`])
      expect(await get(path), path).toEqual([200, expect.anything()]);
    const board = "/admin/queues/api/queues?activeQueue=digest&status=completed&page=1&jobsPerPage=10";
    expect(await get(board)).toEqual([200, expect.stringContaining(job_id)]);

    // Its retention is 4 s.
    await waitFor(async () => (await get(`/api/jobs/${failing.job_id}`))[0] !== 200, { deadlineMs: 30_000 });
    await client.remove(job_id);
    expect((await get(`/api/jobs/${job_id}`))[0]).toBe(404);
    nothingNeeded(await refusedCommands());
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `drain, reconcile, and come back when Redis was killed${ONLY_IN_FULL}`,
    async () => {
      const client = system.client();
      const [worker] = system.workers;
      const { job_id } = await client.submit("digest", new Blob(["x"]), {
        params: { ms: 60_000, nextMs: 10 },
      });
      await waitFor(async () => (await client.get(job_id)).status === "running");
      await worker?.kill();
      const reconcile = new CliProcess(["reconcile"], { cwd: system.folder, env: system.env });
      expect(await reconcile.exitCode()).toBe(0);
      await system.killRedis();
      await system.restartRedis();
      const next = await system.startWorker();
      expect(await client.wait(job_id)).toMatchObject({ status: "completed", attempt: 2 });
      expect(await next.stop()).toBe(0);
      nothingNeeded(await refusedCommands());
    },
  );
});
