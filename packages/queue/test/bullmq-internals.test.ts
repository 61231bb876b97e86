import { readdirSync, readFileSync } from "node:fs";
import { chaosProxy, newRequest, redisTap, silentLog, waitFor } from "@drover/testkit";
import { Queue, UnrecoverableError } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import * as facts from "../src/bullmq/bullmq-internals.js";
import { connectQueue } from "../src/index.js";
import { bullTest } from "./bullmq-bench.js";

const bull = bullTest();

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
    const added = scripts.flatMap((lua) => found(/"XADD", ([^)]*)\)/g, lua));
    expect(added.length).toBeGreaterThan(4);
    for (const args of added) {
      expect(args).toContain(`"MAXLEN", "~", ${facts.EVENTS_KEPT}, `);
      for (const event of found(/"event", "(\w+)"/g, args))
        expect([...facts.JOB_EVENTS, ...facts.OWN_EVENTS]).toContain(event);
    }
    await bull.add();
    await (await bull.take()).moveToFailed(new Error("x"), "T");
    expect(await bull.client.hget(bull.key("meta"), "opts.maxLenEvents")).toBe(String(facts.EVENTS_KEPT));
  });
});

describe("adding a job", () => {
  it("is refused at once while the connection is down, and served by the same queue when it is back", async () => {
    const proxy = await chaosProxy(bull.redis.url);
    const options = { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 };
    const own = new Redis(proxy.url, options);
    own.on("error", () => {});
    await waitFor(() => own.status === "ready");
    proxy.cut();
    await waitFor(() => own.status !== "ready");
    const [early, asking] = [facts.FAIL_FAST_QUEUE, { skipWaitingForReady: true }].map((queueOptions) => {
      const made = new Queue("copy", { connection: own, prefix: bull.prefix, ...queueOptions });
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
    const tap = await redisTap(bull.redis.url);
    const own = new Redis(tap.url, { maxRetriesPerRequest: null });
    const tapped = new Queue("copy", { connection: own, prefix: bull.prefix });
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
  it("uses one token for one job after another, and goes on with what a moved job's end took", async () => {
    const tokens: string[] = [];
    const failed: unknown[] = [];
    const requests = [await bull.add(), await bull.add(), await bull.add()];
    const running = bull.startWorker({ concurrency: 1 }, async (job, token = "") => {
      tokens.push(token);
      const isLast = tokens.length === 3;
      const next = isLast
        ? await job.moveToFailed(new UnrecoverableError("x"), token, true)
        : await job.moveToCompleted({ ok: true }, token, tokens.length === 1);
      if (tokens.length === 1) {
        expect(await bull.client.llen(bull.key("active"))).toBe(1); // the second one, taken with the end
        void running.pause(true); // it is run all the same
      }
      facts.wasMoved(job, next);
      if (tokens.length === 2) setTimeout(() => running.resume(), 50);
    });
    running.on("failed", (job) => failed.push(job?.id));
    await waitFor(async () => (await bull.client.zcard(bull.key("failed"))) === 1 && tokens.length === 3);
    await running.close();
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[0]?.startsWith(facts.tokenPrefixOf(running))).toBe(true);
    expect(failed).toEqual([]);
    for (const { id } of requests)
      expect(await bull.client.hmget(bull.key(id), "ats", "atm")).toEqual(["1", "1"]);
  });

  it("refuses with a number for a code, and the network with a word or none", async () => {
    const { id } = await bull.add();
    const waiting = await bull.queue.getJob(id);
    await expect(waiting?.retry("failed")).rejects.toSatisfy(facts.isRefusal);
    const taken = await bull.take();
    await expect(taken.moveToCompleted(null, "another", false)).rejects.toSatisfy(facts.isRefusal);
    await expect(taken.moveToFailed(new Error("x"), "another")).rejects.toSatisfy(facts.isRefusal);
    expect(facts.isRefusal(Object.assign(new Error("x"), { code: "ECONNRESET" }))).toBe(false);
  });

  it("makes one copy of its connection, by duplicate", async () => {
    const own = new Redis(bull.redis.url, { maxRetriesPerRequest: null });
    const copies = facts.copiesOf(own);
    const running = bull.startWorker({ connection: own });
    await running.waitUntilReady();
    const { id } = await bull.add();
    await waitFor(async () => (await bull.client.zscore(bull.key("completed"), id)) !== null);
    expect(copies).toHaveLength(1);
    await running.close();
    own.disconnect();
  });

  it("is refused when it no longer lets the end of a job be stamped, or its reads be bounded", () => {
    Reflect.set(bull.worker.backend, "moveToFinishedArgs", undefined);
    expect(() => facts.stampEndsBy(bull.worker, Date.now)).toThrow("another way");
    Object.defineProperty(bull.worker.backend, "maximumBlockTimeout", { value: undefined });
    expect(() => facts.boundBlockingReads(bull.worker, 1)).toThrow("another way");
  });

  it("stamps the end of a job with the time that it is given", async () => {
    facts.stampEndsBy(bull.worker, () => 1_234);
    const { id } = await bull.add();
    await (await bull.take()).moveToCompleted(null, "T", false);
    expect(await bull.client.zscore(bull.key("completed"), id)).toBe("1234");
  });
});

describe("a worker that waits for a delayed job", () => {
  it("reads for no longer than its connection may be silent", async () => {
    const lease = { blockMs: 300, silenceMs: 1_000 };
    const prefix = bull.redis.prefix();
    const warnings: string[] = [];
    const log = {
      ...silentLog,
      warn: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
    };
    const queue = connectQueue({ url: bull.redis.url, prefix, log, lease });
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
