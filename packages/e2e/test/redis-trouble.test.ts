import { readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type ChaosProxy, chaosProxy, waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";

describe("Redis that does not answer", () => {
  let system: System;
  let proxy: ChaosProxy;
  beforeAll(async () => {
    system = await System.start({
      apis: 1,
      workers: 1,
      redisUrlFor: async (url) => {
        proxy = await chaosProxy(url);
        return proxy.url;
      },
    });
  });
  afterAll(async () => {
    await system.stop();
    await proxy.close();
  });

  it.each(["cut", "silence"] as const)(
    "F7: with Redis %s every request that needs it answers 503 within 2 s, and all resumes by itself",
    async (weather) => {
      const before = await system.client().submit("digest", new Blob(["before"]));
      await system.client().wait(before.job_id);
      proxy[weather]();
      for (const path of [
        `/api/jobs/${before.job_id}`,
        "/api/jobs",
        `/api/job-status/${before.job_id}`,
        "/readyz",
      ]) {
        const startedAt = performance.now();
        const response = await fetch(system.url() + path);
        expect(response.status, path).toBe(503);
        expect(performance.now() - startedAt, path).toBeLessThan(2_000); // the promise itself
        if (path !== "/readyz") expect(response.headers.get("retry-after"), path).toMatch(/^\d+$/);
      }
      const form = new FormData();
      form.append("file", new Blob(["x"]), "x.txt");
      const refused = await fetch(`${system.url()}/api/processors/digest/jobs`, {
        method: "POST",
        body: form,
      });
      expect(refused.status).toBe(503);
      expect((await fetch(`${system.url()}/livez`)).status).toBe(200);
      proxy.heal();
      const after = await waitFor(() => system.client().submit("digest", new Blob(["after"])), {
        deadlineMs: 20_000,
      });
      await waitFor(async () => (await system.client().get(after.job_id)).status === "completed", {
        deadlineMs: 20_000,
      });
    },
  );
});

describe("a Redis that lost data", () => {
  let system: System;
  afterEach(() => system.stop());

  it("F11: jobs that Redis lost come back from the manifests beside their inputs", async () => {
    system = await System.start({ apis: 1, workers: 0, env: { DROVER_SWEEP_INTERVAL: "500ms" } });
    const worker = await system.startWorker();
    const done = await system.client().submit("digest", new Blob(["done"]));
    const finished = await system.client().wait(done.job_id);
    await worker.stop();
    const waiting = await Promise.all(
      [1, 2, 3].map((n) =>
        system.client().submit("digest", new Blob([`lost ${n}`]), { tags: { n: `${n}` } }),
      ),
    );
    const redis = new Redis(system.redis.url);
    await redis.flushall();
    redis.disconnect();
    await expect(system.client().get(waiting[0]?.job_id ?? "")).rejects.toMatchObject({ status: 404 });
    await system.startWorker();
    for (const { job_id, tags } of waiting) {
      await waitFor(async () => (await system.client().get(job_id)).status === "completed", {
        deadlineMs: 30_000,
      });
      const job = await system.client().get(job_id, { include: "timeline" });
      expect(job.tags).toEqual(tags);
      expect(job.timeline?.map((event) => event.type)).toContain("restored");
    }
    const restored = await system.client().get(done.job_id);
    expect([restored.status, restored.result, restored.completed_at]).toEqual([
      ...["completed", finished.result, finished.completed_at],
    ]);
    expect(await (await system.client().download(done.job_id)).body?.getReader().read()).toBeDefined();
  });

  it("F25: completed, cancelled and deleted jobs stay so when Redis forgets its last second", async () => {
    system = await System.start({ apis: 1, workers: 0, env: { DROVER_SWEEP_INTERVAL: "300ms" } });
    const client = system.client();
    let worker = await system.startWorker();
    // The worker's processor is known.
    await client.wait((await client.submit("digest", new Blob(["warm"]))).job_id);
    await worker.stop();
    const [completed, cancelled, deleted] = await Promise.all(
      ["completed", "cancelled", "deleted"].map((text) => client.submit("digest", new Blob([text]))),
    );
    if (completed === undefined || cancelled === undefined || deleted === undefined) throw new Error("three");
    const isWritten = async () => {
      const redis = new Redis(system?.redis.url ?? "");
      await redis.config("SET", "appendfsync", "always");
      await redis.set("flush", "1");
      redis.disconnect();
    };
    await isWritten();
    const folder = join(system.folder, "redis", "appendonlydir");
    const [name = ""] = (await readdir(folder)).filter((file) => file.endsWith(".incr.aof"));
    const { size } = await stat(join(folder, name));
    await client.cancel(cancelled.job_id);
    await client.remove(deleted.job_id);
    worker = await system.startWorker();
    const end = await client.wait(completed.job_id);
    expect(end.status).toBe("completed");
    await worker.stop();
    await system.killRedis();
    await truncate(join(folder, name), size);
    await system.restartRedis();
    await waitFor(async () => (await client.get(completed.job_id)).status === "queued", {
      deadlineMs: 20_000,
    });
    await system.startWorker();
    await waitFor(
      async () => {
        const again = await client.get(completed.job_id);
        expect([again.status, again.result, again.artifacts]).toEqual([
          "completed",
          end.result,
          end.artifacts,
        ]);
        expect((await client.get(cancelled.job_id)).status).toBe("cancelled");
        await expect(client.get(deleted.job_id)).rejects.toMatchObject({ status: 404 });
        return true;
      },
      { deadlineMs: 30_000 },
    );
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F14: a queued job whose file was deleted fails as input_missing, and a file whose job was deleted is swept${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({
        apis: 1,
        workers: 0,
        processors: ["digest", "misbehave"],
        env: { DROVER_SWEEP_INTERVAL: "300ms", DROVER_ORPHAN_GRACE: "1s" },
      });
      const worker = await system.startWorker();
      await worker.stop();
      const fileless = await system.client().submit("digest", new Blob(["fileless"]));
      const [folder = ""] = await readdir(join(system.blobs, "inputs"));
      await rm(join(system.blobs, "inputs", folder, "file"));
      await system.startWorker();
      expect(await system.client().wait(fileless.job_id)).toMatchObject({
        status: "failed",
        attempt: 1,
        error: { code: "input_missing" },
      });
      const jobless = await system
        .client()
        .submit("misbehave", new Blob(["jobless"]), { params: { how: "invalid" } });
      await system.client().wait(jobless.job_id);
      await system.client().remove(jobless.job_id);
      await waitFor(async () => (await readdir(join(system.blobs, "inputs"))).length === 1, {
        deadlineMs: 10_000,
      });
      expect(
        await readdir(join(system.blobs, "inputs", folder)),
        "its job is kept, so its manifest is",
      ).toEqual(["manifest.json"]);
    },
  );
});
