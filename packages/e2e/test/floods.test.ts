import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DroverProcess } from "../src/drover-process.js";
import { System } from "../src/system.js";

const KIB = 1 << 10;
const MIB = 1 << 20;

/**
 * What may be kept of one job in Redis: 500 log lines of 2,000 characters, twice (the event stream has them
 * too), a history of 500 short events, the
 * job.
 */
const MAX_REDIS_BYTES = 3 * MIB;
const MAX_JOB_BYTES = 16 * KIB;
const MAX_HISTORY_BYTES = 512 * KIB;
const MAX_MANIFEST_BYTES = 64 * KIB;
/** Each of the floods is 50 MiB or more; a process that held one as a string would be past this. */
const MAX_RSS_BYTES = 320 * MIB;

describe("a processor that makes too much of everything", () => {
  let system: System;
  let redis: Redis;
  beforeAll(async () => {
    system = await System.start({
      apis: 1,
      workers: 1,
      processors: ["digest", "flood"],
      env: { DROVER_CONCURRENCY: "2" },
    });
    redis = new Redis(system.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await system.stop();
  });

  it.each([
    ["progress", "is thinned out, and the attempt goes on", undefined],
    ["logs", "are cut, and the attempt goes on", undefined],
    ["result", "fails in words", /^The result has 52428802 bytes as JSON; at most 65536 are kept\./],
    ["artifacts", "fail in words", /^An attempt keeps at most 200 artifacts\./],
    ["throw", "fails with a text that is cut and cleaned", /^key key\.pem {2}\[31mkey/],
    ["throw-text", "fails with a text that is cut and cleaned", /^key key\.pem {2}\[31mkey/],
  ])("F23: too much of %s %s", async (how, _end, message) => {
    const client = system.client();
    const { job_id } = await client.submit("flood", new Blob(["x"]), { params: { how } });
    const others = await Promise.all(
      [1, 2, 3].map((n) => client.submit("digest", new Blob([`${how} ${n}`]))),
    );
    const job = await client.wait(job_id);
    if (message === undefined) expect(job).toMatchObject({ status: "completed", attempt: 1 });
    else {
      expect(job).toMatchObject({ status: "failed", error: { code: "processor_error" } });
      expect(job.error?.message).toMatch(message);
      expect(job.error?.message.length).toBeLessThanOrEqual(1_000);
      expect(job.error?.message).not.toMatch(/secret|[^\P{Cc}\n]/u);
    }
    for (const other of others)
      expect(await client.wait(other.job_id)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await bytesInRedis(job_id), "bytes in Redis").toBeLessThan(MAX_REDIS_BYTES);
    expect(await bytesOf(`/api/jobs/${job_id}`), "the job").toBeLessThan(MAX_JOB_BYTES);
    expect(await bytesOf(`/api/jobs/${job_id}?include=timeline`), "its history").toBeLessThan(
      MAX_HISTORY_BYTES,
    );
    expect(await bytesOf(`/api/jobs/${job_id}/logs`), "its log").toBeLessThan(MAX_REDIS_BYTES);
    expect(await largestManifest(), "the manifest").toBeLessThan(MAX_MANIFEST_BYTES);
    for (const process of [...system.workers, ...system.apis])
      expect(await peakRss(process), `memory of the ${process.kind}`).toBeLessThan(MAX_RSS_BYTES);
  });

  async function bytesInRedis(id: string): Promise<number> {
    const sizes = (await redis.keys("*"))
      .filter((key) => key.includes(id) || key.endsWith(":flood:events"))
      .map((key) => redis.memory("USAGE", key, "SAMPLES", 0));
    expect(sizes.length).toBeGreaterThan(1);
    return (await Promise.all(sizes)).reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  }

  async function bytesOf(path: string): Promise<number> {
    const response = await fetch(system.url() + path);
    expect(response.status).toBe(200);
    return (await response.arrayBuffer()).byteLength;
  }

  async function largestManifest(): Promise<number> {
    const inputs = join(system.blobs, "inputs");
    const names = (await readdir(inputs, { recursive: true })).filter((name) =>
      name.endsWith("manifest.json"),
    );
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(inputs, name))).size));
    return Math.max(...sizes);
  }
});

/** The most memory that the process has held so far, in bytes, as Linux says. */
async function peakRss({ pid }: DroverProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * KIB;
}
