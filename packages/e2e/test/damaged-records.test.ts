import { mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DAMAGES, waitFor } from "@drover/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";

/** What a client can ask about one job. */
const READS = [
  "",
  "?include=timeline",
  "?wait=1",
  "/result",
  "/logs",
  "/download",
  "/artifacts/digest.txt",
] as const;
const LEGACY = ["/api/job-status/", "/api/status/", "/api/download/"] as const;

describe("ten malformed records of different kinds in Redis", { timeout: 60_000 }, () => {
  let system: System;
  let redis: Redis;
  const bad: string[] = [];
  const good: string[] = [];
  const hashOf = (id: string) => `{drover:digest}:digest:${id}`;
  const submit = async (text: string) => (await system.client().submit("digest", new Blob([text]))).job_id;
  const statusOf = async (path: string, method = "GET") => {
    const response = await fetch(`${system.url()}${path}`, { method });
    const text = await response.text();
    expect(response.status, `${method} ${path}: ${text}`).toBeLessThan(500);
    return { status: response.status, text };
  };
  const listed = async () => {
    const { status, text } = await statusOf("/api/jobs?limit=200");
    expect(status).toBe(200);
    return (
      JSON.parse(text) as { jobs: { job_id: string; status: string; error: { code: string } | null }[] }
    ).jobs;
  };

  beforeAll(async () => {
    const env = { DROVER_SWEEP_INTERVAL: "1s", DROVER_ORPHAN_GRACE: "1s" };
    system = await System.start({ apis: 1, workers: 1, env });
    redis = new Redis(system.redis.url);
    const completed = [await submit("a"), await submit("b"), await submit("c")];
    for (const id of completed) expect((await system.client().wait(id)).status).toBe("completed");
    await system.workers[0]?.stop();
    good.push(completed[0] ?? "", await submit("d"));
    for (const [i, damage] of Object.values(DAMAGES).entries()) {
      const id = await submit(`bad ${i}`);
      await damage(redis, hashOf(id));
      bad.push(id);
    }
    for (const [i, value] of ["{", '{"artifacts":[{"name":"../x"}]}'].entries()) {
      const id = completed[i + 1] ?? "";
      await redis.hset(hashOf(id), "returnvalue", value);
      bad.push(id);
    }
    await redis.rpush(`${hashOf(good[0] ?? "")}:history`, "rubbish");
    await redis.set(`${hashOf(good[1] ?? "")}:logs`, "rubbish");
  }, 60_000);
  afterAll(async () => {
    redis.disconnect();
    await system.stop();
  });

  it("leave every route, the list and the board answering: 410 for the ten, 200 for the others", async () => {
    for (const id of bad) {
      for (const read of READS) expect((await statusOf(`/api/jobs/${id}${read}`)).status).toBe(410);
      for (const path of LEGACY) expect((await statusOf(`${path}${id}`)).status).toBe(410);
      for (const action of ["cancel", "retry"])
        expect((await statusOf(`/api/jobs/${id}/${action}`, "POST")).status).toBe(410);
    }
    for (const id of good)
      for (const read of ["?include=timeline", "/logs"])
        expect((await statusOf(`/api/jobs/${id}${read}`)).status).toBe(200);
    const jobs = await listed();
    for (const id of bad)
      expect(jobs.find((job) => job.job_id === id)).toMatchObject({
        status: "failed",
        error: { code: "job_unreadable" },
      });
    expect((await statusOf("/admin/queues/api/queues?activeQueue=digest&page=1&jobsPerPage=50")).status).toBe(
      200,
    );
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `are failed once by a worker, which runs the others, and its sweeper goes on${ONLY_IN_FULL}`,
    async () => {
      const orphan = join(system.blobs, "jobs", "00000000-0000-4000-8000-000000000000", "1-x");
      await mkdir(orphan, { recursive: true });
      await writeFile(join(orphan, "left"), "x");
      await utimes(join(orphan, "left"), 0, 0);
      const worker = await system.startWorker();
      for (const id of [good[1] ?? "", await submit("after")])
        expect((await system.client().wait(id)).status).toBe("completed");
      await waitFor(async () => (await redis.zcard("{drover:digest}:digest:failed")) === bad.length - 2, {
        deadlineMs: 20_000,
        what: "each of them to fail",
      });
      expect(await redis.llen("{drover:digest}:digest:active")).toBe(0);
      await waitFor(
        () =>
          stat(orphan).then(
            () => false,
            () => true,
          ),
        { what: "the orphan to be swept", deadlineMs: 10_000 },
      );
      expect(worker.isRunning).toBe(true);
      const reported = worker.log.split("\n").filter((line) => line.includes("cannot be read"));
      expect(reported).toHaveLength(bad.length - 2);
      expect((await system.client().wait(good[0] ?? "")).status).toBe("completed");
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(`can be deleted, and are gone then${ONLY_IN_FULL}`, async () => {
    for (const id of bad) {
      expect((await statusOf(`/api/jobs/${id}`, "DELETE")).status).toBe(204);
      expect([404, 410]).toContain((await statusOf(`/api/jobs/${id}`)).status);
      expect(await redis.keys(`*digest:${id}*`)).toEqual([]);
    }
    const left = (await listed()).map((job) => job.job_id);
    expect(left.filter((id) => bad.includes(id))).toEqual([]);
    expect(system.apis[0]?.log).not.toContain('"level":"error"');
  });
});
