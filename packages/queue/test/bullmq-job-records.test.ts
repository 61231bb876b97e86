import { waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import * as facts from "../src/bullmq/bullmq-internals.js";
import { bullTest } from "./bullmq-bench.js";

const bull = bullTest();

describe("where BullMQ keeps a job", () => {
  it("is under the keys that are listed", () => {
    for (const name of facts.QUEUE_KEYS) expect(bull.queue.toKey(name)).toBe(bull.key(name));
    expect(Object.keys(bull.queue.keys)).toEqual(expect.arrayContaining([...facts.QUEUE_KEYS]));
  });

  it("is prioritized or delayed until a worker takes it, then active with a lock, then with those that ended", async () => {
    const [first, second] = [await bull.add(), await bull.add()];
    const later = await bull.add({ runAt: Date.now() + 60_000 });
    expect(await bull.client.zrange(bull.key("prioritized"), "0", "-1")).toEqual([first.id, second.id]);
    expect(await bull.client.zrange(bull.key("delayed"), "0", "-1")).toEqual([later.id]);
    const taken = await bull.take();
    expect(await bull.client.lrange(bull.key("active"), 0, -1)).toEqual([first.id]);
    expect(await bull.client.get(facts.lockKey(bull.key(first.id)))).toBe("T");
    expect(await bull.client.pttl(facts.lockKey(bull.key(first.id)))).toBeGreaterThan(0);
    await taken.log("a line");
    expect(await bull.client.lrange(facts.logsKey(bull.key(first.id)), 0, -1)).toEqual(["a line"]);
    await taken.moveToCompleted(null, "T", false);
    await (await bull.take()).moveToFailed(new Error("x"), "T");
    for (const [set, id] of Object.entries({ completed: first.id, failed: second.id }))
      expect(await bull.client.zscore(bull.key(set), id)).toBe(
        await bull.client.hget(bull.key(id), "finishedOn"),
      );
    expect(
      await bull.client.exists(
        facts.lockKey(bull.key(first.id)),
        bull.key("active"),
        bull.key("prioritized"),
      ),
    ).toBe(0);
    expect(await bull.client.type(bull.key("events"))).toBe("stream");
  });

  it("is the tail of the wait list when it was found without its bull.worker, which is counted, up to a failure", async () => {
    bull.worker.opts.maxStalledCount = 0;
    const { id } = await bull.add();
    const other = await bull.add();
    await bull.take();
    expect(await bull.client.smembers(bull.key("stalled"))).toEqual([]);
    await bull.untilChecked(async () => (await bull.client.sismember(bull.key("stalled"), id)) === 1);
    await bull.client.del(facts.lockKey(bull.key(id)));
    await bull.untilChecked(async () => (await bull.client.llen(bull.key("wait"))) === 1);
    expect(await bull.client.hmget(bull.key(id), "stc", "ats", "atm")).toEqual(["1", "1", null]);
    expect(await bull.client.hget(bull.key(id), "defa")).toMatch(/./);
    await bull.client.lpush(bull.key("wait"), "behind");
    expect((await bull.take()).id).toBe(id);
    expect(await bull.client.zscore(bull.key("prioritized"), other.id)).not.toBeNull();
  });

  it("is wait for a job without a priority, which none of ours is", async () => {
    await bull.add();
    await bull.queue.add("copy", {}, { jobId: "without", priority: 0 });
    expect(await bull.client.lrange(bull.key("wait"), 0, -1)).toEqual(["without"]);
    expect((await bull.take()).id).toBe("without");
    expect([100, 0, -100].map(facts.bullPriority)).toEqual([1, 101, 201]);
  });

  it("is before all of its priority when it was given back, and the attempt does not count", async () => {
    const [first, second, higher] = [await bull.add(), await bull.add(), await bull.add({ priority: 5 })];
    await (await bull.take()).moveToWait("T");
    const again = await bull.take();
    await again.moveToCompleted(null, "T", false);
    expect(again.id).toBe(higher.id);
    expect(await bull.client.hmget(bull.key(higher.id), "ats", "atm")).toEqual(["2", "1"]);
    const job = await bull.take();
    await job.moveToWait("T");
    expect(await bull.client.zrange(bull.key("prioritized"), "0", "-1")).toEqual([first.id, second.id]);
  });

  it("is delayed by its due time, its timestamp and its delay together, with a counter behind", async () => {
    const runAt = 2_000_000_000_000;
    const [a, b] = [await bull.add({ runAt, createdAt: 1_000 }), await bull.add({ runAt, createdAt: 1_000 })];
    const scores = (await bull.client.zmscore(bull.key("delayed"), a.id, b.id)).map(Number);
    expect(scores.map((score) => Math.floor(score / facts.DELAYED_SCORES_PER_MS))).toEqual([runAt, runAt]);
    expect((scores[1] ?? 0) - (scores[0] ?? 0)).toBe(1);
  });
});

describe("what BullMQ keeps of a job", () => {
  it("is what addedFields says when it was added", async () => {
    const request = await bull.add({ priority: 7 });
    const pairs = facts.addedFields(request, { n: 1 }).map(String);
    const ours = Object.fromEntries(pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1]]] : [])));
    const { opts, ...rest } = await bull.client.hgetall(bull.key(request.id));
    expect({ ...ours, opts: "" }).toEqual({ ...rest, opts: "" });
    const [stored, restored] = [JSON.parse(opts ?? ""), JSON.parse(ours["opts"] ?? "")];
    expect(stored).toEqual({ ...restored, timestamp: request.createdAt, delay: 0 });
  });

  it("are the fields listed, through all that can happen to one of our jobs", async () => {
    const { id } = await bull.add({ maxAttempts: 2 });
    const added = ["data", "delay", "name", "opts", "priority", "timestamp"];
    expect(await bull.fieldsOf(id)).toEqual(added);
    const first = await bull.take();
    expect(await bull.fieldsOf(id)).toEqual([...added, "ats", "pb", "processedOn"].sort());
    await first.updateProgress({ percent: 1 });
    await first.moveToFailed(new Error("again"), "T");
    await bull.client.zadd(bull.key("delayed"), 0, id); // due
    const second = await waitFor(() => bull.take());
    await second.moveToCompleted({ ok: true }, "T", false);
    const seen = await bull.fieldsOf(id);
    expect(seen.filter((name) => !(name in facts.JOB_FIELDS))).toEqual([]);
    expect(seen).toEqual(
      expect.arrayContaining(["ats", "atm", "failedReason", "finishedOn", "progress", "returnvalue"]),
    );
    expect(await bull.client.hmget(bull.key(id), "ats", "atm", "returnvalue")).toEqual([
      "2",
      "2",
      '{"ok":true}',
    ]);
  });

  it("is a hash without data and timestamp for an id whose hash was gone when it was taken", async () => {
    const { id } = await bull.add();
    await bull.client.del(bull.key(id));
    await bull.worker.getNextJob("T", { block: false }).catch(() => {});
    expect(await bull.fieldsOf(id)).toEqual(["ats", "pb", "processedOn"]);
  });

  it("keeps after a retry what queue-again.lua clears, and drops the rest of the end", async () => {
    const { id } = await bull.add({ maxAttempts: 1 });
    const job = await bull.take();
    await job.updateProgress({ percent: 1 });
    await job.moveToFailed(new Error("x"), "T");
    await bull.client.hset(bull.key(id), "stc", 3, "defa", "too often", "stacktrace", "[]");
    const failed = await bull.queue.getJob(id);
    await failed?.retry("failed", { resetAttemptsMade: true });
    const kept = await bull.client.hmget(bull.key(id), "ats", "stc", "defa", "progress", "stacktrace");
    expect(kept).toEqual(["1", "3", "too often", '{"percent":1}', "[]"]);
    expect(await bull.client.hmget(bull.key(id), "atm", "finishedOn", "processedOn", "failedReason")).toEqual(
      Array(4).fill(null),
    );
  });

  it("is read the same, and retried the same, when a completed job's options are condensed", async () => {
    const request = await bull.add({ priority: 7 });
    await (await bull.take()).moveToCompleted({ n: 1 }, "T", false);
    const before = (await bull.queue.getJob(request.id))?.asJSON();
    await bull.client.hset(bull.key(request.id), "opts", JSON.stringify(facts.condensedOptions(request)));
    const condensed = await bull.queue.getJob(request.id);
    expect({ ...condensed?.asJSON(), opts: before?.opts }).toEqual(before);
    expect(condensed?.opts).toMatchObject({ attempts: request.maxAttempts, backoff: { type: "custom" } });
    await condensed?.retry("completed");
    const score = Number(await bull.client.zscore(bull.key("prioritized"), request.id));
    expect(Math.floor(score / 2 ** 32)).toBe(facts.bullPriority(7));
  });

  it("leaves a job active, with the lock, that it cannot parse", async () => {
    const { id } = await bull.add();
    await bull.client.hset(bull.key(id), "opts", "{");
    await expect(bull.take()).rejects.toThrow();
    expect(await bull.client.lrange(bull.key("active"), 0, -1)).toEqual([id]);
    expect(await bull.client.get(facts.lockKey(bull.key(id)))).toBe("T");
  });

  it("tells of a failed job with its reason and where it was", async () => {
    const { id } = await bull.add({ maxAttempts: 1 });
    await (await bull.take()).moveToFailed(new Error("x"), "T");
    const entries = (await bull.client.xrange(bull.key("events"), "-", "+")).map(([, fields]) => fields);
    expect(entries).toContainEqual(["event", "failed", "jobId", id, "failedReason", "x", "prev", "active"]);
  });
});
