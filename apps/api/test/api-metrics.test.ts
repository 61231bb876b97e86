import { EventBus, type Outcome, parseJobId } from "@drover/core";
import { connectQueue } from "@drover/queue";
import {
  chaosProxy,
  type Exposition,
  noPromtool,
  promtool,
  readExposition,
  silentLog,
  testRedis,
  waitFor,
} from "@drover/testkit";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createApiMetrics } from "../src/operations/api-metrics.js";
import { createProcessorDirectory } from "../src/processors/processor-directory.js";
import { finished, formWith, running, submit, submitted } from "./job-steps.js";
import { CSV, startApi, type TestApi } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());

const SPACE = { sizeBytes: 1_000, freeBytes: 400 };

/** An api with metrics whose queue tells its events, over an address of Redis. */
async function start(redisUrl?: string): Promise<void> {
  const redis = await testRedis();
  const events = new EventBus();
  const queue = connectQueue({ url: redisUrl ?? redis.url, prefix: redis.prefix(), log: silentLog, events });
  onTestFinished(() => redis.stop());
  const processors = createProcessorDirectory({ catalogue: queue.catalogue, log: silentLog });
  const metrics = createApiMetrics({
    ...{ events, processors, health: queue.health, version: "9.9.9" },
    space: async () => SPACE,
  });
  onTestFinished(metrics.close);
  api = await startApi({ queue, deps: { events }, metrics: { registry: metrics.registry } });
}

async function scrape(): Promise<Exposition> {
  const response = await fetch(`${api.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return readExposition(await response.text());
}

/** The metrics once a scrape shows what is waited for: figures of the queue are up to a second old. */
function scraped(isShown: (shown: Exposition) => boolean): Promise<Exposition> {
  return waitFor(async () => {
    const shown = await scrape();
    return isShown(shown) ? shown : undefined;
  });
}

const done = async (): Promise<Outcome> => ({ kind: "completed", result: null, artifacts: [] });

describe("the metrics of an api", () => {
  it("say how many jobs of which processor are in which state, and who serves them", async () => {
    await start();
    await finished(api, done);
    const { id, consumer } = await running(api);
    await submit(api, formWith("a", { run_at: new Date(Date.now() + 60_000).toISOString() }));
    const shown = await scraped((now) => now.value("drover_jobs", { state: "delayed" }) === 1);
    const states = ["waiting", "delayed", "active", "completed", "failed"].map((state) =>
      shown.value("drover_jobs", { processor: CSV.name, state }),
    );
    expect(states).toEqual([0, 1, 1, 1, 0]);
    expect(shown.value("drover_workers", { processor: CSV.name })).toBe(1);
    expect(shown.value("drover_slots", { processor: CSV.name })).toBe(2);
    expect(shown.value("drover_oldest_waiting_seconds", { processor: CSV.name })).toBe(0);
    expect(shown.value("drover_jobs_submitted_total", { processor: CSV.name })).toBe(3);
    await api.queue.jobs.cancel(parseJobId(id));
    await consumer.drain(1_000);
  });

  it("say for how long a job has waited", async () => {
    await start();
    await submitted(api);
    const age = (now: Exposition) => now.value("drover_oldest_waiting_seconds", { processor: CSV.name }) ?? 0;
    expect(age(await scraped((now) => age(now) > 0.2))).toBeLessThan(20);
  });

  it("say what Redis promises and how full it and the storage are", async () => {
    await start();
    const shown = await scrape();
    expect(shown.value("drover_redis_up")).toBe(1);
    expect([0, 1]).toContain(shown.value("drover_redis_durable"));
    expect(shown.value("drover_redis_used_memory_bytes")).toBeGreaterThan(100_000);
    expect(shown.value("drover_redis_max_memory_bytes")).toBeGreaterThanOrEqual(0);
    expect(shown.value("drover_redis_round_trip_seconds_count")).toBeGreaterThan(0);
    expect(shown.value("drover_storage_size_bytes")).toBe(1_000);
    expect(shown.value("drover_storage_free_bytes")).toBe(400);
  });

  it(`are clean to promtool${noPromtool()}`, async ({ skip }) => {
    if (noPromtool() !== "") skip();
    await start();
    await finished(api, done);
    await fetch(`${api.url}/nothing`);
    const { text } = await scraped((now) => now.value("drover_jobs", { state: "completed" }) === 1);
    expect(await promtool(["check", "metrics"], text)).toEqual({ code: 0, said: "" });
  });
});

describe("requests", () => {
  it("are counted by the template of their route and by status", async () => {
    await start();
    const { job_id } = await submitted(api);
    await fetch(`${api.url}/api/jobs/${job_id}`);
    await fetch(`${api.url}/api/jobs/${crypto.randomUUID()}`);
    await fetch(`${api.url}/api/jobs`, { method: "DELETE" });
    const route = "/api/jobs/{job_id}";
    const shown = await scraped((now) => now.value("drover_http_requests_total", { status: "405" }) === 1);
    const count = (labels: Record<string, string>) => shown.value("drover_http_requests_total", labels);
    expect(count({ method: "GET", route, status: "200" })).toBe(1);
    expect(count({ method: "GET", route, status: "404" })).toBe(1);
    expect(count({ method: "DELETE", route: "/api/jobs", status: "405" })).toBe(1);
    expect(count({ method: "POST", route: "/api/processors/{processor}/jobs", status: "202" })).toBe(1);
    expect(shown.value("drover_http_request_duration_seconds_count", { method: "GET", route })).toBe(2);
  });

  it("of random ids, unknown paths, methods, processors and queries make no series of their own", async () => {
    await start();
    const ask = async (round: string) => {
      await fetch(`${api.url}/api/jobs/${crypto.randomUUID()}?q=${round}`);
      await fetch(`${api.url}/${round}/x`);
      await fetch(`${api.url}/api/processors/none-${round}`);
      await fetch(`${api.url}/api/scale/none-${round}`);
      await fetch(`${api.url}/docs/${round}.png`);
      await fetch(`${api.url}/api/jobs`, { method: "PATCH", headers: { "x-request-id": round } });
    };
    await ask("first");
    const before = await scraped((now) => now.seriesOf("drover_http_requests_total") >= 6);
    for (let i = 0; i < 20; i++) await ask(`r${i}`);
    const after = await scraped(
      (now) => now.value("drover_http_requests_total", { route: "none", status: "404" }) === 21,
    );
    // The scrape itself is one more.
    expect(
      after.seriesOf("drover_http_requests_total") - before.seriesOf("drover_http_requests_total"),
    ).toBeLessThanOrEqual(1);
  });

  it("that are held open are shown while they are, and are not in the durations", async () => {
    await start();
    const { job_id } = await submitted(api);
    const path = `${api.url}/api/jobs/${job_id}`;
    const gone = new AbortController();
    const poll = fetch(`${path}?wait=30`, { signal: gone.signal }).catch(() => {});
    const stream = await fetch(`${path}/events`, { signal: gone.signal });
    const held = (now: Exposition, kind: string) => now.value("drover_held_requests", { kind });
    await scraped((now) => held(now, "long_poll") === 1 && held(now, "event_stream") === 1);
    gone.abort();
    await poll;
    await stream.text().catch(() => {});
    const shown = await scraped((now) => held(now, "long_poll") === 0 && held(now, "event_stream") === 0);
    expect(shown.value("drover_http_request_duration_seconds_count", { route: "/api/jobs/{job_id}" })).toBe(
      undefined,
    );
    expect(shown.value("drover_http_requests_total", { status: "gone" })).toBe(2);
  });
});

it("are answered in time while Redis is away, without what is asked of it", async () => {
  const redis = await testRedis();
  const proxy = await chaosProxy(redis.url);
  onTestFinished(() => redis.stop());
  onTestFinished(() => proxy.close());
  await start(proxy.url);
  await submitted(api);
  await scraped((now) => now.value("drover_jobs", { state: "waiting" }) === 1);
  for (const trouble of ["silence", "cut"] as const) {
    await proxy[trouble]();
    const startedAt = performance.now();
    // Figures stand for a second, each from when it was read.
    const isGone = (now: Exposition) =>
      now.value("drover_jobs") === undefined && now.value("drover_redis_durable") === undefined;
    const shown = await scraped((now) => now.value("drover_redis_up") === 0 && isGone(now));
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect(shown.value("drover_redis_errors_total")).toBeGreaterThan(0);
    const askedAt = performance.now();
    await scrape();
    expect(performance.now() - askedAt).toBeLessThan(2_000);
  }
});
