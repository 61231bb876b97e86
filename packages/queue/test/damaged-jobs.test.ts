import { type JobId, parseJobId } from "@drover/core";
import { DAMAGES, newRequest, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { queueOnRedis } from "./queue-bench.js";

const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };
const UNREADABLE = { code: "job_unreadable" };

describe("a job whose record is damaged", () => {
  const on = queueOnRedis({ lease: { leaseMs: 1_000, stalledCheckMs: 500 } });

  const keyOf = (id: string) => `{${on.prefix}:copy}:copy:${id}`;
  const submit = async () => {
    const { id } = await on.queue.jobs.submit(newRequest());
    return id;
  };
  /** Runs everything that waits; answers the ids that `execute` got. */
  const runAll = async (isDone: () => Promise<boolean>): Promise<string[]> => {
    const executed: string[] = [];
    const consumer = on.queue.attempts.consume(
      "copy",
      { slots: 2, workerId: "w", retry: RETRY },
      async ({ request }) => {
        executed.push(request.id);
        return { kind: "completed", result: { ok: true }, artifacts: [] };
      },
    );
    await waitFor(isDone, { deadlineMs: 25_000, what: "all jobs to end" });
    await consumer.drain(1_000);
    return executed;
  };
  const complete = async () => {
    const id = await submit();
    await runAll(async () => (await on.queue.jobs.get(id))?.status === "completed");
    return id;
  };

  it.each(Object.entries(DAMAGES))(
    "by %s is listed as failed beside the others, and can be removed",
    async (_, damage) => {
      const good = await submit();
      const bad = await submit();
      await damage(on.client, keyOf(bad));
      await expect(on.queue.jobs.get(bad)).rejects.toMatchObject(UNREADABLE);
      await expect(on.queue.jobs.history(bad)).rejects.toMatchObject(UNREADABLE);
      await expect(on.queue.jobs.retry(bad)).rejects.toMatchObject(UNREADABLE);
      const { jobs } = await on.queue.jobs.list({ limit: 10 });
      const shown = new Map(jobs.map((job) => [job.id, job]));
      expect(shown.get(bad)).toMatchObject({ status: "failed", processor: "copy", error: UNREADABLE });
      expect(shown.get(good)).toMatchObject({ status: "queued", error: null });
      expect((await on.queue.boardQueue("copy").getJobs()).map((job) => job.id)).toContain(good);
      expect(await on.queue.jobs.remove(bad)).toBe(true);
      expect(await on.queue.jobs.get(bad)).toBeUndefined();
      expect(await on.client.keys(`*${bad}*`)).toEqual([]);
      expect(await on.client.zscore(`{${on.prefix}:copy}:copy:prioritized`, bad)).toBeNull();
    },
  );

  it("fails once when a worker meets it, and the jobs around it run", { timeout: 40_000 }, async () => {
    const good: JobId[] = [];
    const bad: JobId[] = [];
    for (const damage of Object.values(DAMAGES)) {
      good.push(await submit());
      const id = await submit();
      await damage(on.client, keyOf(id));
      bad.push(id);
    }
    const failed = `{${on.prefix}:copy}:copy:failed`;
    const executed = await runAll(async () => {
      const done = await on.client.zcard(`{${on.prefix}:copy}:copy:completed`);
      return done === good.length && (await on.client.zcard(failed)) === bad.length;
    });
    expect(executed.sort()).toEqual(good.sort());
    expect((await on.client.zrange(failed, "0", "-1")).sort()).toEqual(bad.sort());
    expect(await on.client.llen(`{${on.prefix}:copy}:copy:active`)).toBe(0);
    for (const id of bad) {
      expect(await on.client.hget(keyOf(id), "failedReason")).toMatch(/^job_unreadable: /);
      await expect(on.queue.jobs.get(id)).rejects.toMatchObject(UNREADABLE);
    }
    const shown = await on.queue.boardQueue("copy").getJobs(["failed"]);
    expect(shown).toHaveLength(bad.length);
  });

  it.each([
    ["that is not JSON", "{"],
    ["without artifacts", '{"result":1}'],
    ["that is null", "null"],
    ["with an artifact outside the store", artifact({ key: "../../etc/passwd" })],
    ["with an artifact that would break a header", artifact({ name: "a\r\nb" })],
    ["with a negative size", artifact({ sizeBytes: -1 })],
    ["with a checksum that is none", artifact({ crc32: 2 ** 32 })],
    ["with a gzip without a digest", artifact({ gzip: { sizeBytes: 1 } })],
  ])("by a return value %s is unreadable, and is no result", async (_, value) => {
    const id = await complete();
    await on.client.hset(keyOf(id), "returnvalue", value);
    await expect(on.queue.jobs.get(id)).rejects.toMatchObject(UNREADABLE);
    const { jobs } = await on.queue.jobs.list({ limit: 10 });
    expect(jobs).toMatchObject([{ id, status: "failed", error: UNREADABLE, artifacts: [] }]);
    expect(await on.queue.jobs.remove(id)).toBe(true);
  });

  it("only in its progress, history or log lines is readable without those entries", async () => {
    const id = await complete();
    await on.client.hset(keyOf(id), "progress", '{"percent":"half","attempt":1}');
    const events = ["nope", "[]", '{"type":"x","at":1}', '{"type":"stage","at":"y"}'];
    await on.client.rpush(`${keyOf(id)}:history`, ...events);
    await on.client.rpush(`${keyOf(id)}:logs`, "x", '{"at":1e300}');
    expect(await on.queue.jobs.get(id)).toMatchObject({ status: "completed", progress: { stage: null } });
    const { events: shown, logs } = await on.queue.jobs.history(id);
    expect(shown.map(({ type }) => type)).toEqual(["accepted", "started", "finished"]);
    expect(logs).toEqual([]);
  });

  it("by something else under the keys of its history and its log lines runs, and is shown without them", async () => {
    const id = await submit();
    await on.client.set(`${keyOf(id)}:history`, "x");
    await on.client.set(`${keyOf(id)}:logs`, "x");
    await runAll(async () => (await on.queue.jobs.get(id))?.status === "completed");
    const { events, logs } = await on.queue.jobs.history(id);
    expect(events.map(({ type }) => type)).toEqual(["accepted", "finished"]);
    expect(logs).toEqual([]);
    const waiting = await submit();
    await on.client.set(`${keyOf(waiting)}:history`, "x");
    expect(await on.queue.jobs.cancel(waiting)).toBe("cancelled");
    expect(await on.queue.jobs.retry(waiting)).toMatchObject({ status: "queued" });
  });

  it("leaves an id in the queue without a hash, which the next worker forgets", async () => {
    const gone = await submit();
    const good = await submit();
    await on.client.del(keyOf(gone));
    const executed = await runAll(async () => (await on.queue.jobs.get(good))?.status === "completed");
    expect(executed).toEqual([good]);
    expect(await on.queue.jobs.get(gone)).toBeUndefined();
    expect(await on.client.exists(keyOf(gone))).toBe(0);
  });

  it("an entry of the queue that is no job's id harms nobody", async () => {
    await on.client.lpush(`{${on.prefix}:copy}:copy:wait`, "rubbish");
    const good = await submit();
    await runAll(async () => (await on.queue.jobs.get(good))?.status === "completed");
    const finished = await on.queue.finished.finishedBefore("copy", "failed", Date.now() + 1, 10);
    expect(finished).toEqual([]);
  });

  it("entries of the catalogue that no worker wrote, or too large ones, are passed over", async () => {
    const worker = { id: "w", host: "h", pid: 1, slots: 1, processors: ["copy"], startedAt: 1 };
    await on.queue.catalogue.announce(worker, [COPY]);
    const now = Date.now() + 1_000;
    const rubbish = ["x", `${now} {`, `${now} []`, `${now} {"name":7}`, `${now} ${large()}`];
    for (const [i, entry] of rubbish.entries()) {
      await on.client.hset(`{${on.prefix}}:workers`, `w${i}`, entry);
      await on.client.hset(`{${on.prefix}}:processors`, `p${i}`, entry);
    }
    const { workers, processors } = await on.queue.catalogue.read();
    expect(workers).toEqual([{ ...worker, heardAt: expect.any(Number), isDrainAsked: false }]);
    expect(processors).toEqual([COPY]);
    await expect(
      on.queue.catalogue.announce(worker, [{ ...COPY, description: "x".repeat(70_000) }]),
    ).rejects.toThrow(RangeError);
  });

  it("entries of the index that are no job's harm no listing", async () => {
    const id = await submit();
    for (const entry of ["rubbish", "zzzz copy", ""]) await on.client.zadd(`{${on.prefix}}:jobs`, 0, entry);
    const { jobs } = await on.queue.jobs.list({ limit: 10 });
    expect(jobs.map((job) => job.id)).toEqual([id]);
    expect(parseJobId(id)).toBe(id);
  });
});

const COPY = {
  name: "copy",
  version: "1",
  description: "",
  accepts: { extensions: [], mediaTypes: [] },
  limits: { maxInputBytes: 1, timeoutMs: 1, maxRssBytes: 1, maxAttempts: 1 },
  paramsSchema: {},
};

function large(): string {
  return JSON.stringify({ ...COPY, name: "large", description: "x".repeat(70_000) });
}

/** A return value with one artifact, changed. */
function artifact(changes: object): string {
  const whole = { name: "a", key: "k", sizeBytes: 1, mediaType: "a/b", sha256: "00", isPrimary: true };
  return JSON.stringify({ result: null, artifacts: [{ ...whole, ...changes }] });
}
