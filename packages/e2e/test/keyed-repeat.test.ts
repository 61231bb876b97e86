import { readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";

describe("a request that is repeated with its key when Redis has lost the job, before any sweep", () => {
  let system: System;
  afterEach(() => system.stop());

  const submit = (key: string, params: Record<string, unknown> = {}) =>
    system.client().submit("digest", new Blob([key]), { idempotencyKey: key, params });
  const redis = async (work: (client: Redis) => Promise<unknown>) => {
    const client = new Redis(system.redis.url);
    await work(client);
    client.disconnect();
  };
  /** The files below the folder of a keyed job's inputs. */
  const filesOf = async (id: string) => {
    const folder = join(system.blobs, "inputs", id);
    const uploads = await readdir(folder);
    return Promise.all(uploads.map((upload) => readFile(join(folder, upload, "manifest.json"), "utf8")));
  };
  const isSettled = (id: string) =>
    waitFor(async () => (await filesOf(id)).every((manifest) => !manifest.includes('"settled":null')));

  it.skipIf(ONLY_IN_FULL !== "")(
    `F25: finds completed, cancelled and deleted jobs as they ended, when the AOF was truncated${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 0, env: { DROVER_SWEEP_INTERVAL: "1h" } });
      const worker = await system.startWorker();
      await system.client().wait((await submit("warm")).job_id); // the worker's processor is known
      await redis(async (client) => {
        await client.config("SET", "appendfsync", "always");
        await client.set("flush", "1");
      });
      const folder = join(system.folder, "redis", "appendonlydir");
      const [name = ""] = (await readdir(folder)).filter((file) => file.endsWith(".incr.aof"));
      const { size } = await stat(join(folder, name));
      const trace = join(system.folder, "trace");
      const end = await system.client().wait((await submit("completed", { trace })).job_id);
      await worker.stop();
      const { job_id: cancelled } = await submit("cancelled");
      await system.client().cancel(cancelled);
      await system.client().remove((await submit("deleted")).job_id);
      await Promise.all([end.job_id, cancelled].map(isSettled));
      await system.killRedis();
      await truncate(join(folder, name), size);
      await system.restartRedis();
      const again = await waitFor(() => submit("completed", { trace }), { deadlineMs: 20_000 });
      expect([again.job_id, again.status, again.result, again.artifacts, again.completed_at]).toEqual([
        ...[end.job_id, "completed", end.result, end.artifacts, end.completed_at],
      ]);
      expect(await filesOf(end.job_id)).toHaveLength(1);
      expect(await submit("cancelled")).toMatchObject({ job_id: cancelled, status: "cancelled" });
      await expect(submit("deleted")).rejects.toMatchObject({ status: 410, code: "job_expired" });
      await expect(submit("completed")).rejects.toMatchObject({ code: "idempotency_key_reused" });
      await system.startWorker();
      await system.client().wait((await submit("after")).job_id);
      expect(await readFile(trace, "utf8"), "the job ran once").toBe("1\n");
      expect(await (await system.client().download(end.job_id)).body?.getReader().read()).toBeDefined();
    },
  );

  it("F11: finds a completed job with its result when Redis was emptied", async () => {
    system = await System.start({ apis: 1, workers: 1, env: { DROVER_SWEEP_INTERVAL: "1h" } });
    const trace = join(system.folder, "trace");
    const end = await system.client().wait((await submit("done", { trace })).job_id);
    await isSettled(end.job_id);
    await redis((client) => client.flushall());
    const again = await waitFor(() => submit("done", { trace }), { deadlineMs: 30_000 });
    expect([again.job_id, again.status, again.result]).toEqual([end.job_id, "completed", end.result]);
    await system.client().wait((await submit("after")).job_id);
    expect(await readFile(trace, "utf8"), "the job ran once").toBe("1\n");
    expect(await filesOf(end.job_id)).toHaveLength(1);
  });
});
