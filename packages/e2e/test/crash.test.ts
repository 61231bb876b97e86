import { createHash } from "node:crypto";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { System, sized } from "../src/system.js";

describe("api, worker and Redis killed at once in the middle", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ apis: 1, workers: 1 });
  });
  afterAll(() => system.stop());

  it("every accepted job completes after a start, and its result downloads with the digest that the status shows", async () => {
    const ids: string[] = [];
    for (let i = 0; i < sized(6, 30); i++) {
      const job = await system.client().submit("digest", new Blob([`crash ${i}`]), { params: { ms: 500 } });
      ids.push(job.job_id);
    }
    await waitFor(async () => (await system.client().list({ status: "running", limit: 1 })).jobs.length > 0);
    await Promise.all([...system.apis, ...system.workers].map((p) => p.kill()).concat(system.killRedis()));
    await system.restartRedis();
    await Promise.all([system.startApi(), system.startWorker()]);
    const client = system.client(1);
    for (const [i, id] of ids.entries()) {
      const job = await client.wait(id);
      expect(job.status).toBe("completed");
      expect(job.result).toMatchObject({ sha256: sha256(`crash ${i}`) });
      const response = await fetch(`${system.url(1)}/api/jobs/${id}/download`);
      expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(job.artifacts[0]?.sha256);
    }
  });
});

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
