import { setTimeout as sleep } from "node:timers/promises";
import { EventBus } from "@drover/core";
import { signal, waitFor } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import {
  API_FAMILIES,
  countApiEvents,
  countWorkerEvents,
  FAMILIES,
  MetricRegistry,
  Reading,
  SHARED_FAMILIES,
  WORKER_FAMILIES,
  watchDependencies,
  watchProcess,
} from "../src/index.js";

const valueIn = (text: string, series: string) =>
  text
    .split("\n")
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

describe("the families", () => {
  it("stand in one table each", () => {
    const names = [API_FAMILIES, WORKER_FAMILIES, SHARED_FAMILIES].flatMap((table) => Object.keys(table));
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(FAMILIES)).toEqual(names);
  });

  it.each(["api", "worker"] as const)("of the %s are shown by it, and no others", async (process) => {
    const text = await new MetricRegistry(process).text();
    const shown = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    const own = process === "api" ? API_FAMILIES : WORKER_FAMILIES;
    expect(shown.sort()).toEqual([...Object.keys(own), ...Object.keys(SHARED_FAMILIES)].sort());
  });
});

describe("the events of a process", () => {
  it("move its counters, histograms and gauges", async () => {
    const [registry, events] = [new MetricRegistry("worker"), new EventBus()];
    countWorkerEvents(registry, events, ["copy"]);
    events.emit("attempt.started", { processor: "copy", waitedMs: 400 });
    const ended = { processor: "copy", durationMs: 2_000, code: null, isRetried: false } as const;
    events.emit("attempt.ended", { ...ended, outcome: "completed" });
    events.emit("attempt.ended", { ...ended, outcome: "failed", code: "timeout", isRetried: true });
    events.emit("store.seen", { kind: "inputs", bytes: 12 });
    const text = await registry.text();
    const attempt = (outcome: string, code: string) =>
      valueIn(text, `drover_attempts_ended_total{processor="copy",outcome="${outcome}",code="${code}"}`);
    expect([attempt("completed", ""), attempt("failed", "timeout")]).toEqual(["1", "1"]);
    expect(valueIn(text, 'drover_attempt_retries_total{processor="copy",code="timeout"}')).toBe("1");
    expect(valueIn(text, 'drover_job_wait_seconds_sum{processor="copy"}')).toBe("0.4");
    expect(valueIn(text, 'drover_attempt_duration_seconds_bucket{le="1",processor="copy"}')).toBe("0");
    expect(valueIn(text, 'drover_attempt_duration_seconds_bucket{le="5",processor="copy"}')).toBe("2");
    expect(valueIn(text, 'drover_stored_bytes{kind="inputs"}')).toBe("12");
    events.emit("store.seen", { kind: "inputs" });
    expect(await registry.text()).not.toContain('kind="inputs"');
  });

  it("make no series of methods that nobody knows", async () => {
    const [registry, events] = [new MetricRegistry("api"), new EventBus()];
    countApiEvents(registry, events);
    for (let i = 0; i < 100; i++)
      events.emit("request.ended", { method: `M${i}`, route: undefined, status: 404, durationMs: 1 });
    const text = await registry.text();
    expect(text.match(/^drover_http_requests_total\{/gm)).toHaveLength(1);
    expect(valueIn(text, 'drover_http_requests_total{method="other",route="none",status="404"}')).toBe("100");
  });

  it("of a process that shows no such family are a mistake of ours", () => {
    const registry = new MetricRegistry("api");
    expect(() => registry.set("drover_worker_ready", [], 1)).toThrow(/not shown by this process/);
  });
});

describe("a reading", () => {
  it("is read once for all who ask together, and again when it is no longer fresh", async () => {
    const gate = signal<number>();
    let reads = 0;
    const shown: (number | undefined)[] = [];
    const read = () => {
      reads += 1;
      return gate.promise;
    };
    const reading = new Reading({ freshMs: 60_000, read, show: (value) => shown.push(value) });
    const together = [reading.update(), reading.update()];
    gate.resolve(7);
    await Promise.all([...together]);
    await reading.update();
    expect([reads, shown]).toEqual([1, [7, 7]]);
    const stale = new Reading({ freshMs: 0, read, show: () => {} });
    await stale.update();
    await stale.update();
    expect(reads).toBe(3);
  });

  it("that hangs or fails shows nothing, within its deadline, and is not begun a second time", async () => {
    let reads = 0;
    const shown: (number | undefined)[] = [];
    const read = () => {
      reads += 1;
      return new Promise<number>(() => {});
    };
    const hangs = new Reading({ freshMs: 0, deadlineMs: 5, read, show: (value) => shown.push(value) });
    await hangs.update();
    await hangs.update();
    const fails = new Reading({
      freshMs: 0,
      read: () => Promise.reject(new Error("away")),
      show: (value: number | undefined) => shown.push(value),
    });
    await fails.update();
    expect([reads, shown]).toEqual([1, [undefined, undefined, undefined]]);
  });
});

it("what a process depends on is shown while it answers, and is absent while it does not", async () => {
  const registry = new MetricRegistry("api");
  let isUp = true;
  const answer = <T>(value: T) => (isUp ? Promise.resolve(value) : Promise.reject(new Error("away")));
  const dependencies = {
    health: { ping: () => answer(undefined) },
    space: () => answer({ sizeBytes: 100, freeBytes: 40 }),
  };
  watchDependencies(registry, dependencies);
  const up = await registry.text();
  expect([valueIn(up, "drover_redis_up"), valueIn(up, "drover_storage_free_bytes")]).toEqual(["1", "40"]);
  isUp = false;
  const other = new MetricRegistry("api");
  watchDependencies(other, dependencies);
  const down = await other.text();
  expect(valueIn(down, "drover_redis_up")).toBe("0");
  expect(down).not.toMatch(/^drover_storage_(free|size)_bytes /m);
});

it("a process shows its time, its memory and how late its event loop is", async () => {
  const registry = new MetricRegistry("worker");
  const close = watchProcess(registry, { process: "worker", version: "1.2.3" });
  const before = Number(valueIn(await registry.text(), "process_cpu_seconds_total"));
  let text = "";
  await waitFor(async () => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    await sleep(60); // the turn that is late is over then, and a look at the clock after it
    text = await registry.text();
    return Number(valueIn(text, "nodejs_eventloop_lag_max_seconds")) > 0.03;
  });
  close();
  expect(Number(valueIn(text, "process_cpu_seconds_total")) - before).toBeGreaterThan(0);
  expect(Number(valueIn(text, "nodejs_eventloop_lag_mean_seconds"))).toBeLessThan(1);
  expect(Number(valueIn(text, "process_resident_memory_bytes"))).toBeGreaterThan(10e6);
  expect(valueIn(text, 'drover_build_info{process="worker",version="1.2.3"}')).toBe("1");
});
