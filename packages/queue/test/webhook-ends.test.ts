import type { FoundEnds, JobRequest, Outcome, QueuePorts } from "@drover/core";
import { newRequest, waitFor } from "@drover/testkit";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { connectQueue } from "../src/index.js";
import { queueOnRedis } from "./queue-bench.js";

const WEBHOOK = {
  url: "https://example.com/hook",
  secret: `whsec_${Buffer.alloc(32, 1).toString("base64")}`,
  events: ["job.completed", "job.failed", "job.cancelled"],
} as const;

const on = queueOnRedis();
let queue: QueuePorts;
beforeEach(() => {
  queue = on.queue;
});

/** Runs every waiting job of `copy` to the outcome. */
async function runAll(outcome: Outcome, requests: readonly JobRequest[]): Promise<void> {
  const consumer = queue.attempts.consume(
    "copy",
    { slots: 4, workerId: "w1", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
    async () => outcome,
  );
  const isOver = async () => {
    const jobs = await Promise.all(requests.map(({ id }) => queue.jobs.get(id)));
    return jobs.every((job) => job?.finishedAt != null);
  };
  await waitFor(isOver);
  await consumer.drain(0);
}

const COMPLETED: Outcome = { kind: "completed", result: { ok: true }, artifacts: [] };

/** Ends that are found, each passed unless told otherwise. */
async function take(isAllWanted: boolean, isPassed = true): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let found: FoundEnds | undefined; found === undefined || found.isMore; ) {
    found = await queue.webhooks.ends.next("copy", isAllWanted);
    ids.push(...found.jobs.map(({ id, status }) => `${id} ${status}`));
    if (!isPassed) break;
    await queue.webhooks.ends.pass(found);
  }
  return ids;
}

async function submit(change: Partial<JobRequest> = {}): Promise<JobRequest> {
  const request = newRequest(change);
  await queue.jobs.submit(request);
  return request;
}

describe("the end of a job is found", () => {
  it("until it is passed, and not again", async () => {
    const request = await submit({ webhook: WEBHOOK });
    await take(false);
    await runAll(COMPLETED, [request]);
    expect(await take(false, false)).toEqual([`${request.id} completed`]);
    expect(await take(false)).toEqual([`${request.id} completed`]);
    expect(await take(false)).toEqual([]);
  });

  it("however it ended", async () => {
    const failed = await submit({ webhook: WEBHOOK });
    await runAll({ kind: "failed", code: "input_invalid", message: "no", retryable: false }, [failed]);
    const cancelled = await submit({ webhook: WEBHOOK });
    await queue.jobs.cancel(cancelled.id);
    const late = await submit({ webhook: WEBHOOK, createdAt: Date.now() - 60_000, queueTimeoutMs: 1_000 });
    await queue.deadlines.failLate(10);
    const ids = await take(false);
    expect(ids).toEqual([`${failed.id} failed`, `${cancelled.id} cancelled`, `${late.id} failed`]);
  });

  it("only of jobs that name a receiver, unless all are wanted", async () => {
    const silent = await submit();
    const named = await submit({ webhook: WEBHOOK });
    await take(false);
    for (const { id } of [silent, named]) await queue.jobs.cancel(id);
    expect(await take(false, false)).toEqual([`${named.id} cancelled`]);
    expect(await take(true)).toEqual([`${silent.id} cancelled`, `${named.id} cancelled`]);
  });

  it("when a person's retry has undone it", async () => {
    const request = await submit({ webhook: WEBHOOK });
    await take(false);
    await queue.jobs.cancel(request.id);
    await queue.jobs.retry(request.id);
    const found = await queue.webhooks.ends.next("copy", false);
    expect(found.jobs).toMatchObject([{ id: request.id, status: "cancelled" }]);
    await queue.webhooks.ends.pass(found);
    expect(await take(false)).toEqual([]);
    await queue.jobs.cancel(request.id);
    expect(await take(false)).toEqual([`${request.id} cancelled`]);
  });

  it("when the event stream does not reach back to it", async () => {
    const told = await submit({ webhook: WEBHOOK });
    await queue.jobs.cancel(told.id);
    expect(await take(false)).toHaveLength(1);
    const requests = await Promise.all(Array.from({ length: 30 }, () => submit({ webhook: WEBHOOK })));
    await Promise.all(requests.slice(0, 20).map(({ id }) => queue.jobs.cancel(id)));
    await runAll(COMPLETED, requests.slice(20));
    await trimEvents();
    const found = new Set(await take(false));
    for (const { id } of requests) expect([...found].some((each) => each.startsWith(id))).toBe(true);
    expect(await take(false)).toEqual([]);
  });

  it("in a queue that nobody looked at before, also when more is wanted before that was passed", async () => {
    const [silent, named] = [await submit(), await submit({ webhook: WEBHOOK })];
    for (const { id } of [silent, named]) await queue.jobs.cancel(id);
    await trimEvents();
    expect(await take(false, false)).toEqual([]); // owed from here on
    expect(new Set(await take(true))).toEqual(new Set([`${silent.id} cancelled`, `${named.id} cancelled`]));
    expect(await take(true)).toEqual([]);
  });

  it("when it comes back after Redis had lost it", async () => {
    const request = newRequest({ webhook: WEBHOOK });
    const end = {
      status: "completed",
      at: Date.now(),
      attempt: 1,
      result: null,
      artifacts: [],
      error: null,
    } as const;
    expect(await queue.finished.restore(request, end)).toBe("restored");
    expect(await take(false)).toEqual([`${request.id} completed`]);
    expect(await queue.webhooks.deliveries.webhookOf(request)).toEqual(WEBHOOK);
  });
});

/** Leaves the newest entry of the stream. */
const trimEvents = () => on.client.xtrim(`{${on.prefix}:copy}:copy:events`, "MAXLEN", 1);

describe("the receiver that a job names", () => {
  it("is among nothing that is shown of the job", async () => {
    const request = await submit({ webhook: WEBHOOK });
    expect(JSON.stringify(await queue.jobs.get(request.id))).not.toContain("whsec_");
    expect(await queue.webhooks.deliveries.webhookOf(request)).toEqual(WEBHOOK);
  });

  it("goes with the job, deleted or expired", async () => {
    const [deleted, expired] = [await submit({ webhook: WEBHOOK }), await submit({ webhook: WEBHOOK })];
    for (const { id } of [deleted, expired]) await queue.jobs.cancel(id);
    expect(await queue.jobs.remove(deleted.id)).toBe(true);
    expect(await queue.finished.expire(expired, Date.now() + 1_000)).toEqual({ tenant: "default" });
    for (const job of [deleted, expired])
      expect(await queue.webhooks.deliveries.webhookOf(job)).toBeUndefined();
    expect(await take(false)).toEqual([]);
  });
});

it("a job whose record is damaged is found with its tenant, or with none where the index has lost it too", async () => {
  const jobs = [await submit({ tenant: "acme" }), await submit(), await submit({ tenant: "acme" })];
  for (const { id, processor } of jobs) {
    await queue.jobs.cancel(id);
    await on.client.hset(`{${on.prefix}:${processor}}:${processor}:${id}`, "data", "{");
  }
  await on.client.hdel(`{${on.prefix}}:index`, jobs[2]?.id ?? "");
  const fresh = connectQueue(on.options); // remembers nothing
  onTestFinished(() => fresh.close());
  const tenants = new Map<string, string>();
  for (let isMore = true; isMore; ) {
    const found = await fresh.webhooks.ends.next("copy", true);
    for (const { id, tenant } of found.jobs) tenants.set(id, tenant);
    await fresh.webhooks.ends.pass(found);
    isMore = found.isMore;
  }
  expect(tenants).toEqual(new Map(jobs.map(({ id }, i) => [id, ["acme", "default", ""][i]])));
});
