import { createHash } from "node:crypto";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { System } from "../src/system.js";

const JOBS = 300;

describe("two apis and three workers on one Redis", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ apis: 2, workers: 3 });
  });
  afterAll(() => system.stop());

  it("a job is known on every api at once, and every worker takes some", async () => {
    const ids = await submitAll(system, JOBS, async (id) => {
      expect((await system.client(1).get(id)).job_id).toBe(id); // a 404 would throw
    });
    for (const [id, content] of ids) {
      const job = await system.client(1).wait(id);
      expect(job.status).toBe("completed");
      expect(job.result).toMatchObject({ sha256: createHash("sha256").update(content).digest("hex") });
    }
    for (const worker of system.workers) expect(worker.log).toContain('"outcome":"completed"');
  });

  it("stopping an api and a worker with SIGTERM in the middle loses no job and fails no request", async () => {
    const ids = await submitAll(system, 60, async () => {}, { ms: 400 });
    await waitFor(
      async () => (await system.client(1).list({ status: "completed", limit: 1 })).jobs.length > 0,
    );
    const [api, worker] = [system.apis[0], system.workers[0]];
    expect(await Promise.all([api?.stop(), worker?.stop()])).toEqual([0, 0]);
    for (const id of ids.keys()) {
      const job = await system.client(1).wait(id);
      expect(job).toMatchObject({ status: "completed" });
    }
  });
});

/** Submits files of distinct content to the first api, ten at a time; answers the content by job id. */
async function submitAll(
  system: System,
  count: number,
  afterEach: (id: string) => Promise<void>,
  params: Record<string, unknown> = {},
): Promise<ReadonlyMap<string, string>> {
  const jobs = new Map<string, string>();
  let next = 0;
  const submitter = async () => {
    while (next < count) {
      const content = `file ${next++} of ${count}`;
      const job = await system
        .client(0)
        .submit("digest", new Blob([content]), { filename: "file.txt", params });
      jobs.set(job.job_id, content);
      await afterEach(job.job_id);
    }
  };
  await Promise.all(Array.from({ length: 10 }, submitter));
  return jobs;
}
