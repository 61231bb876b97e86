import type { ProcessorInfo, WorkerInfo } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect } from "vitest";
import { COMPLETED, queueTest } from "./queue-bench.js";

const it = queueTest();

const CHECKSUM: ProcessorInfo = {
  name: "checksum",
  version: "1.0.0",
  description: "SHA-256 of a file.",
  accepts: { extensions: [], mediaTypes: [] },
  limits: { maxInputBytes: 1, timeoutMs: 1, maxRssBytes: 1, maxAttempts: 1 },
  paramsSchema: { type: "object", additionalProperties: false },
};

const WORKER: WorkerInfo = {
  id: "worker-1",
  host: "host-a",
  pid: 1,
  slots: 2,
  processors: ["checksum"],
  startedAt: 1_767_225_600_000,
};

/** The worker as it is read while it lives. */
const live = (worker: WorkerInfo, isDrainAsked = false) => ({
  ...worker,
  heardAt: expect.any(Number),
  isDrainAsked,
});

describe("what processes share", () => {
  it("tells a worker that it was asked to stop with its next heartbeat, and no other one", async ({
    bench,
  }) => {
    const { catalogue } = bench.queue;
    const second = { ...WORKER, id: "worker-2" };
    expect(await catalogue.announce(WORKER, [])).toEqual({ isDrainAsked: false });
    await bench.other.catalogue.askDrain(WORKER.id);
    expect(await catalogue.announce(WORKER, [])).toEqual({ isDrainAsked: true });
    expect(await catalogue.announce(second, [])).toEqual({ isDrainAsked: false });
    await catalogue.withdraw(WORKER.id);
    const { workers, drains } = await bench.other.catalogue.read();
    expect([workers, drains]).toEqual([[live(second)], [WORKER.id]]);
  });

  it("remembers how full the storage was, once for ten minutes", async ({ bench }) => {
    await bench.queue.storageHistory.note({ sizeBytes: 100, freeBytes: 40 });
    await bench.queue.storageHistory.note({ sizeBytes: 100, freeBytes: 30 });
    const samples = await bench.other.storageHistory.read(Date.now() - 3_600_000);
    expect(samples.at(-1)).toEqual({ sizeBytes: 100, freeBytes: 30, at: expect.any(Number) });
    expect(samples.length).toBeLessThanOrEqual(2); // 2 when a span began in between
    expect(await bench.other.storageHistory.read(Date.now() + 3_600_000)).toEqual([]);
  });

  it("shows the processors and workers that announced themselves to every process", async ({ bench }) => {
    expect(await bench.other.catalogue.read()).toEqual({ processors: [], workers: [], drains: [] });
    await bench.queue.catalogue.announce(WORKER, [CHECKSUM]);
    expect(await bench.other.catalogue.read()).toEqual({
      processors: [CHECKSUM],
      workers: [live(WORKER)],
      drains: [],
    });
  });

  it("keeps a processor known when its worker has gone, and shows its newest version", async ({ bench }) => {
    const second = { ...WORKER, id: "worker-2" };
    const newer = { ...CHECKSUM, version: "1.1.0" };
    await bench.queue.catalogue.announce(WORKER, [CHECKSUM]);
    await bench.queue.catalogue.announce(second, [newer]);
    await bench.queue.catalogue.announce(second, [newer]);
    await bench.other.catalogue.withdraw(WORKER.id);
    expect(await bench.queue.catalogue.read()).toEqual({
      processors: [newer],
      workers: [live(second)],
      drains: [],
    });
    await bench.other.catalogue.withdraw(second.id);
    await bench.other.catalogue.withdraw("never-was");
    expect(await bench.queue.catalogue.read()).toEqual({ processors: [newer], workers: [], drains: [] });
  });

  it("forgets a fact when its time is over", async ({ bench }) => {
    await bench.queue.facts.set("lasting", "v1", 60_000);
    await bench.queue.facts.set("lasting", "v2", 60_000);
    await bench.queue.facts.set("brief", "v", 40);
    expect(await bench.other.facts.get("lasting")).toBe("v2");
    expect(await bench.other.facts.get("never-set")).toBeUndefined();
    await waitFor(async () => (await bench.other.facts.get("brief")) === undefined, { deadlineMs: 2_000 });
    expect(await bench.other.facts.get("lasting")).toBe("v2");
  });

  it("answers a ping and says what the server promises", async ({ bench }) => {
    await bench.queue.health.ping();
    expect(await bench.queue.health.inspect()).toEqual({
      version: expect.stringMatching(/./),
      runId: expect.stringMatching(/./),
      durability: expect.stringMatching(/^(none|snapshots|everysec|always|unknown)$/),
      evictionPolicy: expect.stringMatching(/./),
      usedMemoryBytes: expect.any(Number),
      maxMemoryBytes: expect.any(Number),
    });
  });

  it("counts what waits and what runs, for each processor", async ({ bench }) => {
    expect(await bench.other.health.depth(bench.processor)).toEqual({ queued: 0, running: 0 });
    await bench.submit();
    await bench.submit({ runAt: Date.now() + 60_000 });
    await bench.submit({ processor: `${bench.processor}-b` });
    expect(await bench.other.health.depth(bench.processor)).toEqual({ queued: 2, running: 0 });
    const { end } = await bench.consumeManually().next();
    expect(await bench.other.health.depth(bench.processor)).toEqual({ queued: 1, running: 1 });
    end(COMPLETED);
    await waitFor(async () => (await bench.other.health.depth(bench.processor)).running === 0);
  });

  it("closes twice", async ({ bench }) => {
    await bench.close();
    await bench.queue.close();
    await bench.queue.close();
  });
});
