import type { Attempt, Outcome } from "@drover/core";
import { signal, testQueue, testRedis, testStore, waitFor, withMethods } from "@drover/testkit";
import { EventSource } from "eventsource";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { completeWith, formWith, post, submit, submitted, work } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
let other: TestApi;
beforeEach(async () => {
  const redis = await testRedis();
  onTestFinished(() => redis.stop());
  const prefix = redis.prefix();
  const { store } = await testStore();
  api = await startApi({ queue: await testQueue(prefix), store });
  other = await startApi({ queue: await testQueue(prefix), store });
});
afterEach(() => Promise.all([api.close(), other.close()]));

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** What an EventSource receives until it gives up by itself or is closed. */
class Stream {
  readonly events: Event[] = [];
  readonly source: EventSource;
  isOver = false;

  /** @param after where another stream broke off. */
  constructor(url: string, after?: string) {
    const from = after === undefined ? {} : { "Last-Event-ID": after };
    this.source = new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...from, ...init.headers } }),
    });
    for (const event of ["snapshot", "progress", "log", "status"])
      this.source.addEventListener(event, ({ data, lastEventId }) => {
        this.events.push({ event, id: lastEventId, data: JSON.parse(data) });
      });
    this.source.addEventListener("error", () => {
      if (this.source.readyState === this.source.CLOSED) this.isOver = true;
    });
    onTestFinished(() => this.source.close());
  }

  get spelled(): readonly unknown[] {
    return this.events.map(({ event, data }) =>
      event === "log" ? event : [event, data["status"] ?? data["progress"]],
    );
  }
}

/** The events of one answer, read to its end. */
async function read(
  url: string,
  lastEventId?: string,
): Promise<{ status: number; events: Event[]; text: string }> {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await fetch(url, { headers });
  const text = await response.text();
  const events = text.split("\n\n").flatMap((block) => {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
    return fields["event"] === undefined
      ? []
      : [{ event: fields["event"], id: fields["id"] ?? "", data: JSON.parse(fields["data"]) }];
  });
  return { status: response.status, events, text };
}

const percent = (value: number) => ({ percent: value, stage: "work", message: null });

describe("the events of a job", () => {
  it("begin with the job and tell what happens until it ends; then there is nothing to come back for", async () => {
    const { job_id } = await submitted(api);
    const stream = new Stream(`${api.url}/api/jobs/${job_id}/events`);
    await waitFor(() => stream.events.length === 1);
    const consumer = work(other, async (attempt) => {
      await attempt.progress(percent(20));
      await attempt.log([{ attempt: 1, level: "info", message: "hello", at: 5 }]);
      await attempt.progress(percent(60));
      return completeWith(other, attempt, Buffer.from("zip"));
    });
    await waitFor(() => stream.isOver, { deadlineMs: 15_000 });
    await consumer.drain(0);
    expect(stream.spelled).toEqual([
      ["snapshot", "queued"],
      ["status", "running"],
      ["progress", 20],
      "log",
      ["progress", 60],
      ["status", "completed"],
    ]);
    expect(stream.events[0]?.data["links"]).toMatchObject({ events: `/api/jobs/${job_id}/events` });
    expect(stream.events.at(-1)?.data).toMatchObject({ job_id, progress: 100, result: { rows: 2 } });
  });

  it("of one that has ended are the job, its end, and no more on any api", async () => {
    const { job_id } = await submitted(api);
    await post(api, `/api/jobs/${job_id}/cancel`);
    const { events } = await read(`${api.url}/api/jobs/${job_id}/events`);
    expect(events.map(({ event, data }) => [event, data["status"]])).toEqual([
      ["snapshot", "cancelled"],
      ["status", "cancelled"],
    ]);
    for (const { url } of [api, other])
      expect((await read(`${url}/api/jobs/${job_id}/events`, events[1]?.id)).status).toBe(204);
  });

  it("go on at another api where they broke off, without a gap or a double", async () => {
    const { job_id } = await submitted(api);
    const go = signal();
    const consumer = work(api, async (attempt) => {
      for (let i = 1; i <= 5; i++) await attempt.progress({ ...percent(i), stage: `s${i}` });
      await go.promise;
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    const stream = new Stream(`${api.url}/api/jobs/${job_id}/events`);
    await waitFor(() => stream.events.at(-1)?.data["progress"] === 5);
    go.resolve();
    await waitFor(() => stream.isOver, { deadlineMs: 15_000 });
    await consumer.drain(0);
    const told = stream.events.filter(({ event }) => event !== "snapshot");
    for (const [i, { id }] of told.entries()) {
      const rest = await read(`${other.url}/api/jobs/${job_id}/events`, id);
      const isEnd = i === told.length - 1;
      expect(rest.status).toBe(isEnd ? 204 : 200);
      const ids = rest.events.map((event) => event.id);
      // Progress that comes at once is merged: what is told is among what was told, in order, and ends alike.
      expect(told.slice(i + 1).map((event) => event.id)).toEqual(expect.arrayContaining(ids));
      expect(ids.at(-1)).toBe(isEnd ? undefined : told.at(-1)?.id);
    }
  });

  it("begin with the job again where older ones are gone", async () => {
    const { job_id } = await submitted(api);
    await post(api, `/api/jobs/${job_id}/cancel`);
    for (const id of ["1-0", "nonsense", "9999999999999-0"]) {
      const { events } = await read(`${api.url}/api/jobs/${job_id}/events`, id);
      expect(events.map(({ event }) => event)).toEqual(["snapshot", "status"]);
    }
  });

  it("are sent as they must be for proxies, and by HEAD without a body", async () => {
    const { job_id } = await submitted(api);
    const response = await fetch(`${api.url}/api/jobs/${job_id}/events`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^retry: 3000\n\n/);
    await reader?.cancel();
    expect((await fetch(`${api.url}/api/jobs/${job_id}/events`, { method: "HEAD" })).status).toBe(200);
  });

  it("are at most ten progresses a second, the first and the last among them", async () => {
    const { job_id } = await submitted(api);
    const stream = new Stream(`${api.url}/api/jobs/${job_id}/events`);
    await waitFor(() => stream.events.length === 1);
    const startedAt = performance.now();
    const consumer = work(other, async (attempt) => {
      for (let i = 1; i <= 300; i++) await attempt.progress(percent(i / 4));
      return completeWith(other, attempt, Buffer.from("zip"));
    });
    await waitFor(() => stream.isOver, { deadlineMs: 15_000 });
    await consumer.drain(0);
    const seconds = (performance.now() - startedAt) / 1_000;
    const told = stream.events
      .filter(({ event }) => event === "progress")
      .map(({ data }) => data["progress"]);
    expect(told.length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 1);
    expect([told[0], told.at(-1)]).toEqual([0.3, 75]);
  });

  it("end when the process stops, and when the job is removed", async () => {
    const [one, two] = [await submitted(api), await submitted(api)];
    const stopped = read(`${api.url}/api/jobs/${one.job_id}/events`);
    const removed = read(`${other.url}/api/jobs/${two.job_id}/events`);
    await waitFor(async () => (await fetch(`${other.url}/api/jobs/${two.job_id}`)).status === 200);
    await fetch(`${api.url}/api/jobs/${two.job_id}`, { method: "DELETE" });
    await removed;
    api.stop.abort();
    expect((await stopped).events.map(({ event }) => event)).toEqual(["snapshot"]);
  });

  it("are refused for a job that is not known, and for an id that is none", async () => {
    expect(
      (await read(`${api.url}/api/jobs/01990000-0000-7000-8000-000000000000/events`).catch(() => undefined))
        ?.status,
    ).toBe(404);
    expect((await fetch(`${api.url}/api/jobs/x/events`)).status).toBe(400);
  });
});

describe("the events of many jobs", () => {
  const cancelled: Outcome = { kind: "cancelled" };
  const held = (attempt: Attempt) =>
    new Promise<Outcome>((resolve) => attempt.signal.addEventListener("abort", () => resolve(cancelled)));

  it("are refused for a processor that nobody announced", async () => {
    const response = await fetch(`${api.url}/api/events?processor=nobody`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: "processor_not_found" }]);
  });

  it("tell no progress of a job that falls behind what the list showed", async () => {
    const { job_id } = await submitted(api);
    const taken = signal<Attempt>();
    const go = signal();
    const consumer = work(api, async (attempt) => {
      taken.resolve(attempt);
      await go.promise;
      return completeWith(api, attempt, Buffer.from("zip"));
    });
    const attempt = await taken.promise;
    const { queue } = api;
    const list: typeof queue.jobs.list = async (query) => {
      await attempt.progress(percent(40)); // told after the list was asked for, and older than its answer
      await attempt.log([{ attempt: 1, level: "info", message: "half", at: 5 }]);
      await attempt.progress(percent(50));
      return queue.jobs.list(query);
    };
    const slow = await startApi({
      queue: { ...queue, jobs: withMethods(queue.jobs, { list }), close: async () => {} },
      store: api.store,
    });
    const stream = new Stream(`${slow.url}/api/events?processor=csv-count`);
    await waitFor(() => stream.events.length > 0);
    go.resolve();
    await waitFor(() => stream.events.at(-1)?.data["status"] === "completed");
    stream.source.close();
    await consumer.drain(0);
    await slow.close();
    expect(stream.events[0]?.data["jobs"]).toMatchObject([{ job_id, progress: 50 }]);
    expect(stream.spelled.slice(1)).not.toContainEqual(["progress", 40]);
  });

  it("begin with the newest jobs and tell of those with the tags, on from where they broke off", async () => {
    const mine = formWith("a,b\n", { tags: JSON.stringify({ course: "CS101" }) });
    const before = await submitted(api, mine);
    await submitted(api);
    const url = `${api.url}/api/events?tag.course=CS101`;
    const stream = new Stream(url);
    await waitFor(() => stream.events.length === 1);
    expect(stream.events[0]?.data["jobs"]).toMatchObject([{ job_id: before.job_id }]);
    const consumer = work(other, held);
    const next = await (
      await submit(other, formWith("a", { tags: JSON.stringify({ course: "CS101" }) }))
    ).json();
    await waitFor(() => stream.events.filter(({ data }) => data["status"] === "running").length === 2);
    const { id } = stream.events.at(-1) as Event;
    stream.source.close();
    await post(api, `/api/jobs/${before.job_id}/cancel`);
    await consumer.drain(0);
    const rest = new Stream(url.replace(api.url, other.url), id);
    await waitFor(() => rest.events.length === 2);
    expect(rest.spelled).toEqual([
      ["status", "cancelled"],
      ["status", "cancelled"],
    ]);
    expect(rest.events.map(({ data }) => data["job_id"]).sort()).toEqual([before.job_id, next.job_id].sort());
  });
});
