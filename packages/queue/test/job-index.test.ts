import type { JobId, JobQuery, JobRequest } from "@drover/core";
import { newRequest, waitFor } from "@drover/testkit";
import { expect, it, onTestFinished } from "vitest";
import { redisJobIndex } from "../src/bullmq/job-index.js";
import { JobLocator } from "../src/bullmq/job-locator.js";
import { type JobIndex, listJobs } from "../src/job-listing.js";
import { redisKeys } from "../src/redis-keys.js";
import { RedisLink } from "../src/redis-link.js";
import { COMPLETED, queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();

/** What a listing reads from, and the jobs that it read. */
async function indexOf(
  tenant?: string,
): Promise<{ readonly index: JobIndex; readonly read: JobId[]; readonly locator: JobLocator }> {
  const link = new RedisLink(on.options.url, on.options.log);
  const keys = redisKeys(on.prefix);
  const all = new JobLocator({ link, keys, catalogue: on.queue.catalogue });
  const locator = tenant === undefined ? all : all.of(tenant);
  const index = redisJobIndex({ link, keys, locator, now: () => Date.now() });
  const read: JobId[] = [];
  onTestFinished(() => link.close());
  const jobs: JobIndex["jobs"] = (listed) => {
    read.push(...listed.map(({ id }) => id));
    return index.jobs(listed);
  };
  return { index: { ...index, jobs }, read, locator };
}

/** One completed job, then one of another processor, then 20 that wait like it. */
async function fill(): Promise<{ readonly completed: JobRequest; readonly wanted: JobRequest }> {
  const completed = newRequest({ processor: "copy" });
  await on.queue.jobs.submit(completed);
  const options = { slots: 1, workerId: "w", retry: { baseDelayMs: 0, maxDelayMs: 0 } };
  const consumer = on.queue.attempts.consume("copy", options, async () => COMPLETED);
  await waitFor(async () => (await on.queue.jobs.get(completed.id))?.finishedAt);
  await consumer.drain(0);
  const wanted = newRequest({ processor: "other", tags: { wanted: "yes" } });
  await on.queue.jobs.submit(wanted);
  for (let i = 0; i < 20; i++) await on.queue.jobs.submit(newRequest({ processor: "copy" }));
  return { completed, wanted };
}

const announce = (...names: readonly string[]) =>
  on.queue.catalogue.announce(
    { id: "w", host: "h", pid: 1, slots: 1, processors: names, startedAt: 1 },
    names.map((name) => ({
      name,
      version: "1",
      description: "",
      accepts: { extensions: [], mediaTypes: [] },
      limits: { maxInputBytes: 1, timeoutMs: 1, maxRssBytes: 1, maxAttempts: 1 },
      paramsSchema: {},
    })),
  );

it("a listing that goes through all jobs reads none that a prefilter shows not to match", async () => {
  const { completed, wanted } = await fill();
  const { index, read } = await indexOf();
  const reading = async (query: Omit<JobQuery, "limit">) => {
    read.length = 0;
    await listJobs({ ...index, smallSet: async () => undefined }, { limit: 50, ...query });
    return [...read];
  };
  expect(await reading({ status: "completed" })).toEqual([completed.id]);
  expect(await reading({ status: "failed" })).toEqual([]);
  expect(await reading({ status: "running" })).toEqual([]);
  expect(await reading({ status: "queued" })).toHaveLength(21);
  expect(await reading({ processor: "other" })).toEqual([wanted.id]);
  expect(await reading({ tags: { wanted: "yes" } })).toEqual([wanted.id]);
  expect(await reading({ text: "YES" })).toEqual([wanted.id]);
  expect(await reading({ status: "completed", tags: { wanted: "yes" } })).toEqual([]);
});

it("a status or a processor of few jobs is looked up in BullMQ's own sets", async () => {
  const { completed, wanted } = await fill();
  await announce("copy", "other");
  const { index, read } = await indexOf();
  const own: JobIndex = { ...index, following: () => Promise.reject(new Error("goes through all jobs")) };
  const list = async (query: Omit<JobQuery, "limit">) =>
    (await listJobs(own, { limit: 50, ...query })).jobs.map(({ id }) => id);
  expect(await list({ status: "completed" })).toEqual([completed.id]);
  expect(await list({ status: "running" })).toEqual([]);
  expect(await list({ processor: "other" })).toEqual([wanted.id]);
  expect(await list({ processor: "no-such" })).toEqual([]);
  expect(await list({ status: "queued", tags: { wanted: "yes" } })).toEqual([wanted.id]);
  expect(read).toEqual([completed.id, wanted.id, wanted.id]);
  const all = await list({ status: "queued" });
  const pages: JobId[] = [];
  let cursor: string | undefined;
  do {
    const page = await listJobs(own, { limit: 4, status: "queued", ...(cursor ? { cursor } : {}) });
    pages.push(...page.jobs.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(all).toHaveLength(21);
  expect(pages).toEqual(all);
});

it("a listing by status misses no job of a processor that is not known any more", async () => {
  const { completed, wanted } = await fill();
  await announce("copy");
  const { index } = await indexOf();
  const { jobs } = await listJobs(index, { limit: 50, status: "queued" });
  expect(jobs.map(({ id }) => id)).toContain(wanted.id);
  expect(await index.smallSet({ status: "completed" }, 100)).toBeUndefined();
  await announce("copy", "other");
  expect(await index.smallSet({ status: "completed" }, 100)).toMatchObject([{ id: completed.id }]);
  expect(await index.smallSet({ status: "queued" }, 20)).toBeUndefined();
});

it("a tenant's pages get on past any number of jobs of others, and their cursors name none of those", async () => {
  const { index, locator } = await indexOf("default");
  const at = Date.now();
  const own = newRequest({ createdAt: at - 1 });
  await on.queue.jobs.submit(own);
  // More than one request looks at, all of one time; entries are enough, nothing else of them is looked at.
  const foreign = Array.from({ length: 5_600 }, () => newRequest({ tenant: "acme", createdAt: at }));
  await Promise.all(foreign.map((request) => locator.add(request)));
  const first = await listJobs(index, { limit: 10 });
  expect(first.jobs).toEqual([]);
  const place = Buffer.from(first.nextCursor ?? "", "base64url").toString();
  expect(place).toBe(`${at} ffffffff-ffff-ffff-ffff-ffffffffffff`);
  const second = await listJobs(index, { limit: 10, cursor: first.nextCursor ?? "" });
  expect(second.jobs.map(({ id }) => id)).toEqual([own.id]);
});

it("keeps nothing more of a job of the default tenant, and forgets a tenant's job with its list", async () => {
  const [ownless, owned] = [newRequest(), newRequest({ tenant: "acme" })];
  for (const request of [ownless, owned]) await on.queue.jobs.submit(request);
  const { index: hash, jobs, jobsOf } = redisKeys(on.prefix);
  expect(await on.client.hmget(hash, ownless.id, owned.id)).toEqual([
    ownless.processor,
    `${owned.processor} acme`,
  ]);
  expect(await on.client.zrange(jobsOf("acme"), "0", "-1")).toEqual([owned.id]);
  expect(await on.client.exists(jobsOf("default"))).toBe(0);
  expect((await on.client.hgetall(`{${on.prefix}:copy}:copy:${ownless.id}`))["data"]).not.toContain("tenant");
  await on.queue.of("acme").jobs.cancel(owned.id);
  expect(await on.queue.of("other").jobs.remove(owned.id), "nothing of other's is there").toBe(true);
  expect(await on.client.zcard(jobs)).toBe(2);
  await on.queue.of("acme").jobs.remove(owned.id);
  expect(await on.client.exists(jobsOf("acme"))).toBe(0);
  expect(await on.client.zrange(jobs, "0", "-1")).toEqual([ownless.id]);
  const { locator } = await indexOf();
  const aborted = newRequest({ tenant: "acme" });
  await locator.add(aborted);
  await locator.drop(aborted);
  expect(await on.client.exists(jobsOf("acme"))).toBe(0);
});
