import { readdirSync, readFileSync } from "node:fs";
import type { JobRequest } from "@drover/core";
import { chaosProxy, redisTap, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { type Job as BullJob, Queue, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as facts from "../src/bullmq/bullmq-internals.js";
import { connectQueue } from "../src/index.js";
import { newRequest, silentLog } from "./queue-bench.js";

let redis: TestRedis;
let client: Redis;
/** BullMQ's own queue and a worker of it that takes a job when it is asked to. */
let queue: Queue;
let worker: Worker;
let prefix: string;
beforeAll(async () => {
  redis = await testRedis();
  client = new Redis(redis.url, { maxRetriesPerRequest: null });
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});
beforeEach(async () => {
  prefix = `{${redis.prefix()}}`;
  queue = new Queue("copy", { connection: client, prefix });
  worker = startWorker({ autorun: false });
  return async () => {
    await worker.close();
    await queue.close();
  };
});

function startWorker(
  options: Partial<WorkerOptions>,
  process = async (_job: BullJob, _token?: string) => {},
) {
  const started = new Worker("copy", process, {
    ...{ connection: client, prefix, name: "w", stalledInterval: 1 },
    settings: { backoffStrategy: () => 60_000 },
    ...options,
  });
  started.on("error", () => {});
  return started;
}

const key = (nameOrId: string) => facts.queueKey(prefix, "copy", nameOrId);
const add = async (change: Partial<JobRequest> = {}) => {
  const request = newRequest(change);
  await queue.add("copy", { n: 1 }, facts.addOptions(request));
  return request;
};
/** The worker takes the next job, with the token `T`. */
const take = async (): Promise<BullJob> => {
  const job = await worker.getNextJob("T", { block: false });
  if (job === undefined) throw new Error("There was no job to take.");
  return job;
};
/** The worker looks for jobs without a lock until the condition holds. */
const untilChecked = (condition: () => Promise<boolean>) =>
  waitFor(async () => {
    await Reflect.get(worker, "moveStalledJobsToWait").call(worker);
    return condition();
  });
const fieldsOf = async (id: string) => Object.keys(await client.hgetall(key(id))).sort();

describe("the release of BullMQ", () => {
  const warnings = (installed?: string) => {
    const lines: string[] = [];
    facts.warnOfOtherRelease({ ...silentLog, warn: (line) => void lines.push(line) }, installed);
    return lines;
  };

  it("that is installed is the one that was checked", () => {
    expect(warnings()).toEqual([]);
  });

  it("is warned of in one line when it is another, and not when it is a patch of the same", () => {
    expect(warnings(`${facts.CHECKED_RELEASE}.99`)).toEqual([]);
    for (const other of ["6.70.0", "7.7.0", "5.7.1"])
      expect(warnings(other)).toEqual([expect.stringMatching(`^bullmq ${other} is installed`)]);
  });
});

describe("the scripts", () => {
  const folder = new URL("../scripts/", import.meta.url);
  const scripts = readdirSync(folder).map((name) =>
    readFileSync(new URL(name, folder), "utf8").replace(/--\[\[.*?\]\]/s, ""),
  );
  const found = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].map(([, first = ""]) => first);

  it("name no field of a job but those listed, and our own", () => {
    const calls = scripts.flatMap((lua) => found(/redis\.p?call\("H[A-Z]+", KEYS\[1\]([^)]*)\)/g, lua));
    const named = new Set(calls.flatMap((args) => found(/"([a-z][A-Za-z:]*)"/g, args)));
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !name.startsWith("drover:") && !(name in facts.JOB_FIELDS))).toEqual(
      [],
    );
  });

  it("add no event that BullMQ does not know, and trim the stream as it does", async () => {
    const added = scripts.flatMap((lua) => found(/"XADD", (.*)\)$/gm, lua));
    expect(added.length).toBeGreaterThan(4);
    for (const args of added) {
      expect(args).toContain(`"MAXLEN", "~", ${facts.EVENTS_KEPT}, `);
      for (const event of found(/"event", "(\w+)"/g, args)) expect(facts.JOB_EVENTS).toContain(event);
    }
    await add();
    await (await take()).moveToFailed(new Error("x"), "T");
    expect(await client.hget(key("meta"), "opts.maxLenEvents")).toBe(String(facts.EVENTS_KEPT));
  });
});

describe("where BullMQ keeps a job", () => {
  it("is under the keys that are listed", () => {
    for (const name of facts.QUEUE_KEYS) expect(queue.toKey(name)).toBe(key(name));
    expect(Object.keys(queue.keys)).toEqual(expect.arrayContaining([...facts.QUEUE_KEYS]));
  });

  it("is prioritized or delayed until a worker takes it, then active with a lock, then with those that ended", async () => {
    const [first, second] = [await add(), await add()];
    const later = await add({ runAt: Date.now() + 60_000 });
    expect(await client.zrange(key("prioritized"), "0", "-1")).toEqual([first.id, second.id]);
    expect(await client.zrange(key("delayed"), "0", "-1")).toEqual([later.id]);
    const taken = await take();
    expect(await client.lrange(key("active"), 0, -1)).toEqual([first.id]);
    expect(await client.get(facts.lockKey(key(first.id)))).toBe("T");
    expect(await client.pttl(facts.lockKey(key(first.id)))).toBeGreaterThan(0);
    await taken.log("a line");
    expect(await client.lrange(facts.logsKey(key(first.id)), 0, -1)).toEqual(["a line"]);
    await taken.moveToCompleted(null, "T", false);
    await (await take()).moveToFailed(new Error("x"), "T");
    for (const [set, id] of Object.entries({ completed: first.id, failed: second.id }))
      expect(await client.zscore(key(set), id)).toBe(await client.hget(key(id), "finishedOn"));
    expect(await client.exists(facts.lockKey(key(first.id)), key("active"), key("prioritized"))).toBe(0);
    expect(await client.type(key("events"))).toBe("stream");
  });

  it("is the tail of the wait list when it was found without its worker, which is counted, up to a failure", async () => {
    worker.opts.maxStalledCount = 0;
    const { id } = await add();
    const other = await add();
    await take();
    expect(await client.smembers(key("stalled"))).toEqual([]);
    await untilChecked(async () => (await client.sismember(key("stalled"), id)) === 1);
    await client.del(facts.lockKey(key(id)));
    await untilChecked(async () => (await client.llen(key("wait"))) === 1);
    expect(await client.hmget(key(id), "stc", "ats", "atm")).toEqual(["1", "1", null]);
    expect(await client.hget(key(id), "defa")).toMatch(/./);
    await client.lpush(key("wait"), "behind");
    expect((await take()).id).toBe(id);
    expect(await client.zscore(key("prioritized"), other.id)).not.toBeNull();
  });

  it("is wait for a job without a priority, which none of ours is", async () => {
    await add();
    await queue.add("copy", {}, { jobId: "without", priority: 0 });
    expect(await client.lrange(key("wait"), 0, -1)).toEqual(["without"]);
    expect((await take()).id).toBe("without");
    expect([100, 0, -100].map(facts.bullPriority)).toEqual([1, 101, 201]);
  });

  it("is before all of its priority when it was given back, and the attempt does not count", async () => {
    const [first, second, higher] = [await add(), await add(), await add({ priority: 5 })];
    await (await take()).moveToWait("T");
    const again = await take();
    await again.moveToCompleted(null, "T", false);
    expect(again.id).toBe(higher.id);
    expect(await client.hmget(key(higher.id), "ats", "atm")).toEqual(["2", "1"]);
    const job = await take();
    await job.moveToWait("T");
    expect(await client.zrange(key("prioritized"), "0", "-1")).toEqual([first.id, second.id]);
  });

  it("is delayed by its due time, its timestamp and its delay together, with a counter behind", async () => {
    const runAt = 2_000_000_000_000;
    const [a, b] = [await add({ runAt, createdAt: 1_000 }), await add({ runAt, createdAt: 1_000 })];
    const scores = (await client.zmscore(key("delayed"), a.id, b.id)).map(Number);
    expect(scores.map((score) => Math.floor(score / facts.DELAYED_SCORES_PER_MS))).toEqual([runAt, runAt]);
    expect((scores[1] ?? 0) - (scores[0] ?? 0)).toBe(1);
  });
});

describe("what BullMQ keeps of a job", () => {
  it("is what addedFields says when it was added", async () => {
    const request = await add({ priority: 7 });
    const pairs = facts.addedFields(request, { n: 1 }).map(String);
    const ours = Object.fromEntries(pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1]]] : [])));
    const { opts, ...rest } = await client.hgetall(key(request.id));
    expect({ ...ours, opts: "" }).toEqual({ ...rest, opts: "" });
    const [stored, restored] = [JSON.parse(opts ?? ""), JSON.parse(ours["opts"] ?? "")];
    expect(stored).toEqual({ ...restored, timestamp: request.createdAt, delay: 0 });
  });

  it("are the fields listed, through all that can happen to one of our jobs", async () => {
    const { id } = await add({ maxAttempts: 2 });
    const added = ["data", "delay", "name", "opts", "priority", "timestamp"];
    expect(await fieldsOf(id)).toEqual(added);
    const first = await take();
    expect(await fieldsOf(id)).toEqual([...added, "ats", "pb", "processedOn"].sort());
    await first.updateProgress({ percent: 1 });
    await first.moveToFailed(new Error("again"), "T");
    await client.zadd(key("delayed"), 0, id); // due
    const second = await waitFor(take);
    await second.moveToCompleted({ ok: true }, "T", false);
    const seen = await fieldsOf(id);
    expect(seen.filter((name) => !(name in facts.JOB_FIELDS))).toEqual([]);
    expect(seen).toEqual(
      expect.arrayContaining(["ats", "atm", "failedReason", "finishedOn", "progress", "returnvalue"]),
    );
    expect(await client.hmget(key(id), "ats", "atm", "returnvalue")).toEqual(["2", "2", '{"ok":true}']);
  });

  it("is a hash without data and timestamp for an id whose hash was gone when it was taken", async () => {
    const { id } = await add();
    await client.del(key(id));
    await worker.getNextJob("T", { block: false }).catch(() => {});
    expect(await fieldsOf(id)).toEqual(["ats", "pb", "processedOn"]);
  });

  it("keeps after a retry what queue-again.lua clears, and drops the rest of the end", async () => {
    const { id } = await add({ maxAttempts: 1 });
    const job = await take();
    await job.updateProgress({ percent: 1 });
    await job.moveToFailed(new Error("x"), "T");
    await client.hset(key(id), "stc", 3, "defa", "too often", "stacktrace", "[]");
    const failed = await queue.getJob(id);
    await failed?.retry("failed", { resetAttemptsMade: true });
    const kept = await client.hmget(key(id), "ats", "stc", "defa", "progress", "stacktrace");
    expect(kept).toEqual(["1", "3", "too often", '{"percent":1}', "[]"]);
    expect(await client.hmget(key(id), "atm", "finishedOn", "processedOn", "failedReason")).toEqual(
      Array(4).fill(null),
    );
  });

  it("leaves a job active, with the lock, that it cannot parse", async () => {
    const { id } = await add();
    await client.hset(key(id), "opts", "{");
    await expect(take()).rejects.toThrow();
    expect(await client.lrange(key("active"), 0, -1)).toEqual([id]);
    expect(await client.get(facts.lockKey(key(id)))).toBe("T");
  });

  it("tells of a failed job with its reason and where it was", async () => {
    const { id } = await add({ maxAttempts: 1 });
    await (await take()).moveToFailed(new Error("x"), "T");
    const entries = (await client.xrange(key("events"), "-", "+")).map(([, fields]) => fields);
    expect(entries).toContainEqual(["event", "failed", "jobId", id, "failedReason", "x", "prev", "active"]);
  });
});

describe("adding a job", () => {
  it("is refused at once while the connection is down, and served by the same queue when it is back", async () => {
    const proxy = await chaosProxy(redis.url);
    const options = { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 };
    const own = new Redis(proxy.url, options);
    own.on("error", () => {});
    await waitFor(() => own.status === "ready");
    proxy.cut();
    await waitFor(() => own.status !== "ready");
    const [early, asking] = [facts.FAIL_FAST_QUEUE, { skipWaitingForReady: true }].map((queueOptions) => {
      const made = new Queue("copy", { connection: own, prefix, ...queueOptions });
      made.on("error", () => {});
      return made;
    });
    await expect(early?.add("copy", {})).rejects.toThrow();
    await expect(asking?.add("copy", {})).rejects.toThrow();
    proxy.heal();
    await waitFor(() => own.status === "ready");
    expect((await early?.add("copy", {}))?.id).toBeDefined();
    await expect(asking?.add("copy", {})).rejects.toThrow();
    await Promise.allSettled([early?.close(), asking?.close()]);
    own.disconnect();
    await proxy.close();
  });

  it("is one command", async () => {
    const tap = await redisTap(redis.url);
    const own = new Redis(tap.url, { maxRetriesPerRequest: null });
    const tapped = new Queue("copy", { connection: own, prefix });
    await tapped.add("copy", {}); // loads the script
    const before = tap.commands.length;
    await tapped.add("copy", {});
    expect(tap.commands.slice(before).map(([name]) => name)).toEqual(["evalsha"]);
    await tapped.close();
    own.disconnect();
    await tap.close();
  });
});

describe("a worker of BullMQ", () => {
  it("uses one token for one job after another, and leaves alone a job that was moved", async () => {
    const tokens: string[] = [];
    const failed: unknown[] = [];
    const requests = [await add(), await add()];
    const running = startWorker({ concurrency: 1 }, async (job, token = "") => {
      tokens.push(token);
      await job.moveToCompleted({ ok: true }, token, false);
      throw facts.alreadyMoved();
    });
    running.on("failed", (job) => failed.push(job?.id));
    await waitFor(async () => (await client.zcard(key("completed"))) === 2 && tokens.length === 2);
    await running.close();
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[0]?.startsWith(facts.tokenPrefixOf(running))).toBe(true);
    expect(failed).toEqual([]);
    for (const { id } of requests)
      expect(await client.hmget(key(id), "ats", "atm", "failedReason")).toEqual(["1", "1", null]);
  });

  it("refuses with a number for a code, and the network with a word or none", async () => {
    const { id } = await add();
    const waiting = await queue.getJob(id);
    await expect(waiting?.retry("failed")).rejects.toSatisfy(facts.isRefusal);
    const taken = await take();
    await expect(taken.moveToCompleted(null, "another", false)).rejects.toSatisfy(facts.isRefusal);
    await expect(taken.moveToFailed(new Error("x"), "another")).rejects.toSatisfy(facts.isRefusal);
    expect(facts.isRefusal(Object.assign(new Error("x"), { code: "ECONNRESET" }))).toBe(false);
  });

  it("makes one copy of its connection, by duplicate", async () => {
    const own = new Redis(redis.url, { maxRetriesPerRequest: null });
    const copies = facts.copiesOf(own);
    const running = startWorker({ connection: own });
    await running.waitUntilReady();
    const { id } = await add();
    await waitFor(async () => (await client.zscore(key("completed"), id)) !== null);
    expect(copies).toHaveLength(1);
    await running.close();
    own.disconnect();
  });

  it("is refused when it no longer lets the end of a job be stamped, or its reads be bounded", () => {
    Reflect.set(worker.backend, "moveToFinishedArgs", undefined);
    expect(() => facts.stampEndsBy(worker, Date.now)).toThrow("another way");
    Object.defineProperty(worker.backend, "maximumBlockTimeout", { value: undefined });
    expect(() => facts.boundBlockingReads(worker, 1)).toThrow("another way");
  });

  it("stamps the end of a job with the time that it is given", async () => {
    facts.stampEndsBy(worker, () => 1_234);
    const { id } = await add();
    await (await take()).moveToCompleted(null, "T", false);
    expect(await client.zscore(key("completed"), id)).toBe("1234");
  });
});

describe("a worker that waits for a delayed job", () => {
  it("reads for no longer than its connection may be silent", async () => {
    const lease = { blockMs: 300, silenceMs: 1_000 };
    const prefix = redis.prefix();
    const warnings: string[] = [];
    const log = {
      ...silentLog,
      warn: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
    };
    const queue = connectQueue({ url: redis.url, prefix, log, lease });
    const consumer = queue.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
      async () => ({ kind: "completed", result: null, artifacts: [] }),
    );
    const request = newRequest({ runAt: Date.now() + 3_500 });
    await queue.jobs.submit(request);
    await waitFor(async () => (await queue.jobs.get(request.id))?.status === "completed", {
      deadlineMs: 15_000,
    });
    expect(warnings).toEqual([]);
    await consumer.drain(0);
    await queue.close();
  });
});
