import type { JobRequest } from "@drover/core";
import { newRequest, waitFor } from "@drover/testkit";
import { type Job, Queue, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { addOptions } from "../src/bullmq/bullmq-internals.js";
import { encodeRequest } from "../src/job-codec.js";
import { takeTurnsOn } from "../src/line-scripts.js";
import { bullTest } from "./bullmq-bench.js";

const bull = bullTest();
let queue: Queue;
let worker: Worker;
let backoffMs: number;
beforeEach(() => {
  const connection = new Redis(bull.redis.url, { maxRetriesPerRequest: null });
  takeTurnsOn(connection);
  const options = { connection, prefix: bull.prefix };
  queue = new Queue("copy", options);
  worker = new Worker("copy", async () => {}, {
    ...options,
    autorun: false,
    settings: { backoffStrategy: () => backoffMs },
  });
  backoffMs = 0;
  return async () => {
    await worker.close();
    await queue.close();
    connection.disconnect();
  };
});

describe("in the step in which BullMQ", () => {
  it("adds a job, it is in its tenant's line; takes it, it is in none", async () => {
    const [one, two] = [await add({ tenant: "one" }), await add()];
    expect(await linesOf("one", "default")).toEqual([[one.id], [two.id]]);
    const first = await take();
    const second = await first.moveToCompleted("x", "T", true);
    expect(new Set([first.id, second?.[1]])).toEqual(new Set([one.id, two.id]));
    expect(await linesOf("one", "default")).toEqual([[], []]);
  });

  it("takes a job that it was given back, or tries again at once, it is in line first", async () => {
    const [first, second] = [await add({ tenant: "one" }), await add({ tenant: "one" })];
    await (await take()).moveToWait("T");
    expect(await linesOf("one")).toEqual([[first.id, second.id]]);
    await (await take()).moveToFailed(new Error("again"), "T");
    expect(await linesOf("one")).toEqual([[second.id, first.id]]);
  });

  it("is asked for a failed job again, it is in line", async () => {
    const { id } = await add({ tenant: "one" });
    await (await take()).moveToFailed(new UnrecoverableError("no"), "T");
    await (await queue.getJob(id))?.retry("failed");
    expect(await linesOf("one")).toEqual([[id]]);
  });

  it("takes another, jobs whose time has come are in line, with the scores that BullMQ gives", async () => {
    const due = await add({ tenant: "one", runAt: Date.now() + 50 });
    const plain = await add({ tenant: "one", priority: 5 });
    const promoted = await add({ tenant: "two", runAt: Date.now() + 60_000 });
    await (await queue.getJob(promoted.id))?.promote();
    expect(await linesOf("two")).toEqual([[promoted.id]]);
    await waitFor(() => Date.now() > (due.runAt ?? 0));
    expect((await take()).id).toBe(plain.id);
    expect(await linesOf("one")).toEqual([[due.id]]);
    const scores = await Promise.all(
      [bull.key("prioritized"), bull.key("line:one")].map((key) => bull.client.zscore(key, due.id)),
    );
    expect(scores[0]).toBe(scores[1]);
    expect(await bull.client.hget(bull.key(due.id), "delay")).toBe("0");
  });

  it("takes none because the queue is paused or full, the job of the turn keeps its place", async () => {
    const [first] = [await add({ tenant: "one" }), await add({ tenant: "two" })];
    const score = await bull.client.zscore(bull.key("prioritized"), first.id);
    await queue.pause();
    expect(await worker.getNextJob("T", { block: false })).toBeUndefined();
    expect(await bull.client.zscore(bull.key("prioritized"), first.id)).toBe(score);
    expect(await linesOf("one")).toEqual([[first.id]]);
  });
});

async function add(change: Partial<JobRequest> = {}): Promise<JobRequest> {
  const request = newRequest(change);
  await queue.add("copy", encodeRequest(request), addOptions(request));
  return request;
}

async function take(): Promise<Job> {
  const job = await worker.getNextJob("T", { block: false });
  if (job === undefined) throw new Error("There was no job to take.");
  return job;
}

function linesOf(...tenants: readonly string[]): Promise<string[][]> {
  return Promise.all(tenants.map((tenant) => bull.client.zrange(bull.key(`line:${tenant}`), "0", "-1")));
}
