import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { UnreachableError } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";

describe("an api that is killed in the middle of a submit", () => {
  let system: System;
  beforeAll(async () => {
    const env = { DROVER_SWEEP_INTERVAL: "200ms", DROVER_ORPHAN_GRACE: "1s" };
    system = await System.start({ apis: 2, workers: 1, env });
  });
  afterAll(() => system.stop());
  const inputs = async () => {
    const names = await readdir(join(system.blobs, "inputs"), { recursive: true }).catch(() => []);
    return names.filter((name) => basename(name) === "file");
  };

  it("F4: an api killed before it queued the job has accepted nothing, and the file is swept", async () => {
    await system.startFailingApi("stored");
    await expect(system.client(2).submit("digest", new Blob(["x"]))).rejects.toThrow(UnreachableError);
    expect(await inputs()).toHaveLength(1);
    expect((await system.client(0).list()).jobs).toEqual([]);
    await waitFor(async () => (await inputs()).length === 0, { deadlineMs: 15_000 });
    expect((await system.client(0).list()).jobs).toEqual([]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F5: an api killed after it queued the job answers the repeated request with the same job and one file${ONLY_IN_FULL}`,
    async () => {
      await system.workers[0]?.stop();
      await system.startFailingApi("enqueued");
      const submit = (api: number) =>
        system
          .client(api)
          .submit("digest", new Blob(["once"]), { idempotencyKey: "order 66", giveUpAfterMs: 1 });
      await expect(submit(3)).rejects.toThrow(UnreachableError);
      const repeated = await submit(0);
      expect((await system.client(0).list()).jobs.map((job) => job.job_id)).toEqual([repeated.job_id]);
      expect(await inputs()).toHaveLength(1);
      const worker = await system.startWorker();
      expect(await system.client(0).wait(repeated.job_id)).toMatchObject({ status: "completed" });
      await worker.stop();
    },
  );

  it("F5: fifty submits with one key at the same time make one job and leave one file", async () => {
    const before = await inputs();
    const submits = Array.from({ length: 50 }, (_, i) =>
      system.client(i % 2).submit("digest", new Blob(["twin"]), { idempotencyKey: "twins" }),
    );
    const ids = new Set((await Promise.all(submits)).map((job) => job.job_id));
    expect(ids.size).toBe(1);
    await waitFor(async () => (await inputs()).filter((path) => !before.includes(path)).length === 1);
  });
});
