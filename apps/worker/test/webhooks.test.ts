import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import {
  EventBus,
  type JobRequest,
  NO_EVENTS,
  networksOf,
  type QueuePorts,
  type WebhookEndpoint,
} from "@drover/core";
import { newRequest, silentLog, testQueue, waitFor } from "@drover/testkit";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../src/timers.js";
import { EventDispatch } from "../src/webhooks/event-dispatch.js";
import { type RunningWebhooks, startWebhooks, type WebhooksDeps } from "../src/webhooks/start-webhooks.js";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const EVENTS = ["job.completed", "job.failed", "job.cancelled"] as const;

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let queue: QueuePorts;
beforeEach(async () => {
  queue = await testQueue();
});

/** A receiver that answers 500 as often as `failures` says, then 204. */
async function receiver(failures = 0): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    told.push({ headers: request.headers, body });
    response.writeHead(told.length <= failures ? 500 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, told };
}

/** The webhooks of a worker until the test is over, with a schedule of some ms. */
function start(change: Partial<WebhooksDeps> = {}): RunningWebhooks {
  const webhooks = startWebhooks({
    queue,
    processors: ["copy"],
    workerId: "w1",
    receivers: { policy: { isHttpAllowed: true, allowedNetworks: networksOf("127.0.0.1") } },
    assertMayRun: async () => {},
    clock: systemClock,
    log: silentLog,
    quietLog: silentLog,
    events: NO_EVENTS,
    waitsMs: [50, 50, 50],
    ...change,
  });
  onTestFinished(() => webhooks.stop(500));
  return webhooks;
}

async function cancelled(change: Partial<JobRequest> = {}): Promise<JobRequest> {
  const request = newRequest(change);
  await queue.jobs.submit(request);
  await queue.jobs.cancel(request.id);
  return request;
}

async function register(url: string, change: Partial<WebhookEndpoint> = {}): Promise<void> {
  await queue.webhooks.endpoints.add({
    ...{ id: "ep_1", tenant: "default", url, description: "", events: EVENTS },
    ...{ createdAt: Date.now(), disabled: null },
    ...{ secrets: [{ secret: SECRET, until: null }], lastSuccessAt: null },
    ...change,
  });
}

const list = (request: JobRequest) => queue.webhooks.deliveries.list(request.id);

describe("webhooks", () => {
  it("tell the receiver of a job how it ended, until it takes it, under one id", async () => {
    const { url, told } = await receiver(2);
    const reports: string[] = [];
    const events = new EventBus();
    events.on("delivery.tried", ({ status, problem }) => reports.push(`${status} ${problem}`));
    start({ events });
    const trace = { traceparent: `00-${"1a".repeat(16)}-${"2b".repeat(8)}-01`, tracestate: "v=1" };
    const webhook = { url, secret: SECRET, events: EVENTS };
    const request = await cancelled({ webhook, trace, tags: { a: "b" } });
    await waitFor(async () => (await list(request))[0]?.status === "delivered");
    expect(told).toHaveLength(3);
    expect(new Set(told.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(reports).toEqual(["pending status", "pending status", "delivered null"]);
    const last = told.at(-1);
    const event = new Webhook(SECRET).verify(last?.body ?? "", last?.headers as Record<string, string>);
    expect(event).toMatchObject({
      type: "job.cancelled",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: { job_id: request.id, processor: "copy", status: "cancelled", tags: { a: "b" }, error: null },
    });
    expect(last?.body).not.toContain("whsec_");
    expect(last?.headers).toMatchObject(trace); // no SDK: as it came
  });

  it("tell the endpoints that want the event, of jobs that ended since they were registered", async () => {
    const { url, told } = await receiver();
    const early = await cancelled({ webhook: { url, secret: SECRET, events: ["job.completed"] } });
    await register(url, { createdAt: Date.now() + 5_000, id: "ep_later" });
    await register(url, { events: ["job.failed"], id: "ep_failed" });
    await register(url, { disabled: { at: Date.now(), reason: "requested" }, id: "ep_disabled" });
    await register(url, { id: "ep_told" });
    start();
    const request = await cancelled();
    await waitFor(() => told.length > 0);
    expect((await list(request)).map(({ endpointId }) => endpointId)).toEqual(["ep_told"]);
    expect((await list(early)).map(({ endpointId }) => endpointId)).toEqual(["ep_told"]);
  });

  it("tell an endpoint of its tenant's jobs alone", async () => {
    const { url, told } = await receiver();
    for (const tenant of ["default", "acme", "other"]) await register(url, { id: `ep_${tenant}`, tenant });
    const owned = await cancelled({ tenant: "acme" });
    const ownless = await cancelled();
    start();
    await waitFor(() => told.length === 2);
    const toldOf = async (request: JobRequest) => (await list(request)).map(({ endpointId }) => endpointId);
    expect(await toldOf(owned)).toEqual(["ep_acme"]);
    expect(await toldOf(ownless)).toEqual(["ep_default"]);
  });

  it("tell an end once, however often it is found, and each end of a job that was retried", async () => {
    const { url, told } = await receiver();
    const request = await cancelled({ webhook: { url, secret: SECRET, events: EVENTS } });
    const found = await queue.webhooks.ends.next("copy", true);
    await dispatchOnce({ pass: async () => {} }); // dies before it passes what it dispatched
    await dispatchOnce();
    await queue.webhooks.ends.pass({ ...found, mark: { ...found.mark, position: "0-1" } });
    start();
    await waitFor(() => told.length === 1);
    await queue.jobs.retry(request.id);
    await queue.jobs.cancel(request.id);
    await waitFor(
      async () => (await list(request)).filter(({ status }) => status === "delivered").length === 2,
    );
    expect(told).toHaveLength(2);
  });

  it("leave no delivery of a job that was deleted meanwhile", async () => {
    const request = await cancelled({
      webhook: { url: "https://example.com/", secret: SECRET, events: EVENTS },
    });
    await dispatchOnce({ pass: async () => void (await queue.jobs.remove(request.id)) });
    expect(await list(request)).toEqual([]);
  });

  it("wait while Redis and storage do not belong together", async () => {
    const { url, told } = await receiver();
    let isTogether = false;
    const assertMayRun = async () => {
      if (!isTogether) throw new Error("not together");
    };
    const clock = {
      ...systemClock,
      sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(10, signal),
    };
    start({ assertMayRun, clock });
    const request = await cancelled({ webhook: { url, secret: SECRET, events: EVENTS } });
    expect(await list(request)).toEqual([]);
    isTogether = true;
    await waitFor(() => told.length === 1);
  });

  it("go on with other receivers while one holds every delivery", async () => {
    const slow = createServer(() => {});
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      slow.closeAllConnections();
      await new Promise((resolve) => slow.close(resolve));
    });
    const slowUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
    const { url, told } = await receiver();
    const policy = { isHttpAllowed: true, allowedNetworks: networksOf("127.0.0.1") };
    start({ receivers: { policy, timeoutMs: 3_000 } });
    for (let i = 0; i < 30; i += 1)
      await cancelled({ webhook: { url: slowUrl, secret: SECRET, events: EVENTS } });
    const startedAt = performance.now();
    await cancelled({ webhook: { url, secret: SECRET, events: EVENTS } });
    await waitFor(() => told.length === 1);
    expect(performance.now() - startedAt).toBeLessThan(2_900);
  });
});

/** Dispatches what ended, in a process of its own. */
async function dispatchOnce(ends: Partial<QueuePorts["webhooks"]["ends"]> = {}): Promise<void> {
  const webhooks = { ...queue.webhooks, ends: { ...queue.webhooks.ends, ...ends } };
  const dispatch = new EventDispatch({ ...queue, webhooks, processors: ["copy"], clock: systemClock });
  // One that passes nothing would look for ever where there is no position yet.
  if (ends.pass !== undefined) await queue.webhooks.ends.pass(await queue.webhooks.ends.next("copy", false));
  await dispatch.run(new AbortController().signal);
}
