import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Job } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DroverProcess } from "../src/drover-process.js";
import { ONLY_IN_FULL, System } from "../src/system.js";

const RETENTION_MS = 3_000;
const JOBS = 20;

describe("F13: retention on an idle system", () => {
  let system: System;
  let redis: Redis;
  beforeAll(async () => {
    system = await System.start({
      apis: 1,
      workers: 2,
      env: { DROVER_RETENTION_COMPLETED: `${RETENTION_MS}ms`, DROVER_SWEEP_INTERVAL: "300ms" },
    });
    redis = new Redis(system.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await system.stop();
  });

  const completed = async (padBytes = 0): Promise<Job> => {
    const { job_id } = await system.client().submit("digest", new Blob(["x"]), { params: { padBytes } });
    return system.client().wait(job_id);
  };
  /** The answer for a job that has expired, as soon as it is the answer. */
  const expired = (id: string) =>
    waitFor(
      async () => {
        const response = await fetch(`${system.url()}/api/jobs/${id}`);
        return response.status === 410 ? ((await response.json()) as { expired_at: string }) : undefined;
      },
      { deadlineMs: 60_000, what: `job ${id} to expire` },
    );
  /** What is left of a job but for the mark, with a time of its own, that it is one that expired. */
  const left = async (id: string) => {
    const folders = await Promise.all(
      ["jobs", "inputs"].map((folder) => readdir(join(system.blobs, folder)).catch(() => [])),
    );
    const keys = await redis.keys(`*${id}*`);
    const lasting = [];
    for (const key of keys) if (!key.includes("expired") || (await redis.ttl(key)) <= 0) lasting.push(key);
    return [...folders.flat().filter((name) => name === id), ...lasting];
  };
  const sweeper = async (): Promise<DroverProcess> => {
    const [lease = ""] = await redis.keys("*sweeper*");
    const holder = (await redis.get(lease)) ?? "";
    const found = system.workers.find(({ pid, isRunning }) => isRunning && holder.includes(`-${pid}-`));
    if (found === undefined) throw new Error(`Nobody sweeps: ${holder}`);
    return found;
  };

  it("removes the files and the keys of a job once its time is over, and not before", async () => {
    const jobs = await Promise.all(Array.from({ length: JOBS }, () => completed()));
    for (const { job_id, completed_at } of jobs) {
      const { expired_at } = await expired(job_id);
      const keptMs = Date.parse(expired_at) - Date.parse(completed_at ?? "");
      expect(keptMs).toBeGreaterThanOrEqual(RETENTION_MS);
      await waitFor(async () => (await left(job_id)).length === 0, { what: "its files and keys to go" });
    }
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `lets a download that is under way end with every byte${ONLY_IN_FULL}`,
    async () => {
      const job = await completed(64 << 20);
      const [artifact] = job.artifacts;
      const response = await new Promise<IncomingMessage>((resolve) =>
        get(`${system.url()}/api/jobs/${job.job_id}/download`, { agent: false }, resolve),
      );
      response.pause();
      await expired(job.job_id);
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.resume();
      await once(response, "end");
      expect(bytes).toBe(artifact?.size_bytes);
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `goes on by another worker when the one that sweeps is killed${ONLY_IN_FULL}`,
    async () => {
      const jobs = await Promise.all(Array.from({ length: JOBS }, () => completed()));
      const kept = await system.client().submit("digest", new Blob(["later"]), {
        run_at: new Date(Date.now() + 3_600_000).toISOString(),
      });
      const killed = await sweeper();
      await killed.kill(); // in the middle of one is a test of the sweeper's own
      for (const { job_id } of jobs) {
        await expired(job_id);
        await waitFor(async () => (await left(job_id)).length === 0, { deadlineMs: 60_000 });
      }
      expect((await sweeper()).pid).not.toBe(killed.pid);
      expect(await system.client().get(kept.job_id)).toMatchObject({ status: "queued" });
    },
  );
});
