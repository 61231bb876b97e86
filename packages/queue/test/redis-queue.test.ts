import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Attempt } from "@drover/core";
import { MAX_REQUEST_BYTES } from "@drover/core";
import {
  chaosProxy,
  newRequest,
  redisTap,
  signal,
  silentLog,
  type TestRedis,
  testRedis,
  waitFor,
} from "@drover/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BullQueue, connectQueue } from "../src/index.js";

const RETRY = { baseDelayMs: 0, maxDelayMs: 0 };

describe("the queue on Redis", () => {
  let redis: TestRedis;
  let client: Redis;
  let queue: BullQueue;
  let prefix: string;
  beforeAll(async () => {
    redis = await testRedis();
    client = new Redis(redis.url);
    prefix = redis.prefix();
    queue = connectQueue({ url: redis.url, prefix, log: silentLog });
  });
  afterAll(async () => {
    await queue.close();
    client.disconnect();
    await redis.stop();
  });

  it("a status read never shows a completed job without its result", async () => {
    const consumer = queue.attempts.consume(
      "copy",
      { slots: 8, workerId: "w", retry: RETRY },
      async (attempt) => ({
        kind: "completed",
        result: attempt.request.id,
        artifacts: [],
      }),
    );
    const requests = Array.from({ length: 150 }, () => newRequest());
    let polls = 0;
    const follow = async (request: (typeof requests)[number]) => {
      await queue.jobs.submit(request);
      for (;;) {
        const job = await queue.jobs.get(request.id);
        polls += 1;
        if (job?.status !== "completed") continue;
        expect(job.result).toBe(request.id);
        return;
      }
    };
    await Promise.all(requests.map(follow));
    expect(polls).toBeGreaterThan(requests.length);
    await consumer.drain(1_000);
  });

  it("a poll is one round trip once the process knows the job's queue", async () => {
    const tap = await redisTap(redis.url);
    const own = connectQueue({ url: tap.url, prefix, log: silentLog });
    const request = newRequest({ runAt: Date.now() + 60_000 });
    await own.jobs.submit(request);
    await own.jobs.get(request.id); // loads the script
    const before = tap.commands.length;
    for (let i = 0; i < 10; i++) await own.jobs.get(request.id);
    const sent = tap.commands.slice(before).filter((args) => args.some((arg) => arg.includes(prefix)));
    expect(sent.map(([name]) => name?.toLowerCase())).toEqual(Array(10).fill("evalsha"));
    await own.close();
    await tap.close();
  });

  it("a waiter for a change is woken by an event, long before it would look again", async () => {
    const own = redis.prefix();
    const patient = connectQueue({ url: redis.url, prefix: own, log: silentLog, lookAgainMs: 600_000 });
    const running = signal<Attempt>();
    const end = signal();
    const consumer = patient.attempts.consume(
      "copy",
      { slots: 1, workerId: "w", retry: RETRY },
      async (attempt) => {
        running.resolve(attempt);
        await end.promise;
        return { kind: "completed", result: null, artifacts: [] };
      },
    );
    const { id } = await patient.jobs.submit(newRequest());
    const attempt = await running.promise;
    const changed = () => patient.jobs.changed(id, new AbortController().signal).then(() => true);
    // The reader of events connects with the first waiter, and sees what happens from then on.
    const first = changed();
    let percent = 0;
    await waitFor(async () => {
      await attempt.progress({ percent: ++percent, stage: null, message: null });
      return Promise.race([first, setImmediate(false)]);
    });
    const next = changed();
    await setImmediate();
    end.resolve();
    expect(await Promise.race([next, sleep(1_000, false, { ref: false })])).toBe(true);
    await consumer.drain(1_000);
    await patient.close();
  });

  it("a job is found even when the index from ids to queues was lost", async () => {
    const info = {
      name: "copy",
      version: "1",
      description: "",
      accepts: { extensions: [], mediaTypes: [] },
      limits: { maxInputBytes: 1, timeoutMs: 1, maxRssBytes: 1, maxAttempts: 1 },
      paramsSchema: {},
    };
    await queue.catalogue.announce(
      { id: "w", host: "h", pid: 1, slots: 1, processors: ["copy"], startedAt: 0 },
      [info],
    );
    const request = newRequest({ runAt: Date.now() + 60_000 });
    await queue.jobs.submit(request);
    await client.del(`{${prefix}}:index`);
    const other = connectQueue({ url: redis.url, prefix, log: silentLog });
    expect((await other.jobs.get(request.id))?.id).toBe(request.id);
    await other.close();
  });

  it("an entry of the index whose job was never queued goes with the first listing that finds it old", async () => {
    const [index, jobs] = [`{${prefix}}:index`, `{${prefix}}:jobs`];
    const now = Date.now();
    const enter = async (createdAt: number) => {
      const { id } = newRequest();
      await client.hset(index, id, "copy");
      await client.zadd(jobs, createdAt, id);
      return id;
    };
    const [old, underWay] = [await enter(now - 3_600_000), await enter(now)];
    await queue.jobs.list({ limit: 200 });
    expect(await client.hmget(index, old, underWay)).toEqual([null, "copy"]);
    expect(await client.zmscore(jobs, old, underWay)).toEqual([null, String(now)]);
  });

  it("the index keeps the time of the job when its id is submitted again later, and forgets a job with it", async () => {
    const request = newRequest({ runAt: Date.now() + 60_000 });
    await queue.jobs.submit(request);
    await queue.jobs.submit({ ...request, createdAt: request.createdAt + 5_000 });
    const place = () =>
      Promise.all([
        client.zscore(`{${prefix}}:jobs`, request.id),
        client.hget(`{${prefix}}:index`, request.id),
      ]);
    expect(await place()).toEqual([String(request.createdAt), "copy"]);
    await queue.jobs.remove(request.id);
    expect(await place()).toEqual([null, null]);
  });

  it("a submit that breaks off half-way is not taken for one that was refused", async () => {
    const request = newRequest({ processor: "damaged" });
    await client.set(`{${prefix}:damaged}:damaged:prioritized`, "of another type");
    await expect(queue.jobs.submit(request)).rejects.toMatchObject({
      name: "UnconfirmedSubmit",
      jobId: request.id,
    });
    expect(await client.hexists(`{${prefix}:damaged}:damaged:${request.id}`, "data")).toBe(1);
    await client.del(...(await client.keys(`{${prefix}:damaged}:*`)));
  });

  it("a process that was busy itself for longer than an answer may take does not blame the server", async () => {
    await queue.health.ping();
    const answer = queue.health.ping();
    await setImmediate(); // it is sent
    const busyUntil = performance.now() + 1_200;
    while (performance.now() < busyUntil);
    await answer;
    await queue.health.ping();
  });

  it("refuses a job that is too large for a queue entry", async () => {
    const params = { rules: "x".repeat(MAX_REQUEST_BYTES) };
    await expect(queue.jobs.submit(newRequest({ params }))).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("says what the server promises", async () => {
    const server = await queue.health.inspect();
    expect(server.evictionPolicy).toBe("noeviction");
    expect(["everysec", "always", "none", "snapshots", "unknown"]).toContain(server.durability);
    expect(server.usedMemoryBytes).toBeGreaterThan(0);
  });

  it("all keys of one queue share a hash tag", async () => {
    await queue.jobs.submit(newRequest());
    const keys = await client.keys(`*${prefix}*`);
    const strays = keys.filter(
      (key: string) => !key.startsWith(`{${prefix}:copy}:`) && !key.startsWith(`{${prefix}}:`),
    );
    expect(keys.length).toBeGreaterThan(3);
    expect(strays).toEqual([]);
  });
});

describe("the queue without its server", () => {
  it("refuses within the promised time when the server was never there, and serves once it is", async () => {
    const redis = await testRedis();
    const proxy = await chaosProxy(redis.url);
    proxy.cut();
    const queue = connectQueue({ url: proxy.url, prefix: redis.prefix(), log: silentLog });
    const request = newRequest();
    const startedAt = performance.now();
    await expect(queue.jobs.submit(request)).rejects.toMatchObject({
      code: "redis_unavailable",
      retryAfterS: 2,
    });
    await expect(queue.jobs.get(request.id)).rejects.toMatchObject({ code: "redis_unavailable" });
    // Two refusals of at most 2 s, which is the promise itself.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    proxy.heal();
    await waitFor(async () => (await queue.jobs.submit(request)).id === request.id, { deadlineMs: 10_000 });
    await queue.close();
    await proxy.close();
    await redis.stop();
  });

  it("refuses within the promised time when the server falls silent, and serves once it speaks again", async () => {
    const redis = await testRedis();
    const proxy = await chaosProxy(redis.url);
    const queue = connectQueue({ url: proxy.url, prefix: redis.prefix(), log: silentLog });
    const request = newRequest();
    await queue.jobs.submit(request);
    proxy.silence();
    const startedAt = performance.now();
    await expect(queue.jobs.get(request.id)).rejects.toMatchObject({ code: "redis_unavailable" });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    proxy.heal();
    await waitFor(async () => (await queue.jobs.get(request.id))?.id === request.id, { deadlineMs: 20_000 });
    await queue.close();
    await proxy.close();
    await redis.stop();
  });
});
