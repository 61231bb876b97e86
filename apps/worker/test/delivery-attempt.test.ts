import { type Delivery, NO_EVENTS, type QueuePorts, type WebhookEndpoint } from "@drover/core";
import { newJobId, testQueue } from "@drover/testkit";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { attemptDelivery, type DeliveryAttemptDeps } from "../src/webhooks/delivery-attempt.js";
import { retryAfterMsOf, WAITS_MS, waitAfter } from "../src/webhooks/delivery-schedule.js";
import type { CallAnswer, ReceiverCall } from "../src/webhooks/receiver-call.js";
import { recordingLog } from "./test-attempt.js";

const MINUTE = 60_000;
const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;

let queue: QueuePorts;
let log: ReturnType<typeof recordingLog>;
/** Time of the test, in ms since the epoch. */
let now: number;
let calls: ReceiverCall[];

beforeEach(async () => {
  queue = await testQueue();
  log = recordingLog();
  now = Date.now();
  calls = [];
});

const endpointOf = (change: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  ...{
    id: "ep_1",
    tenant: "default",
    url: "https://example.com/hook",
    description: "",
    events: ["job.completed"],
    createdAt: now,
  },
  ...{ secrets: [{ secret: secretOf(1), until: null }], disabled: null, lastSuccessAt: null },
  ...change,
});

const deliveryOf = (change: Partial<Delivery> = {}): Delivery => ({
  ...{
    id: "msg_1",
    jobId: newJobId(),
    processor: "copy",
    endpointId: "ep_1",
    url: "https://example.com/hook",
  },
  ...{ event: "job.completed", body: '{"type":"job.completed"}', status: "pending", createdAt: now },
  ...{ resends: 0, attempts: 0, lastAttempt: null, nextAttemptAt: now },
  ...change,
});

function depsOf(answer: () => CallAnswer): DeliveryAttemptDeps {
  return {
    webhooks: queue.webhooks,
    call: async (call) => {
      calls.push(call);
      return answer();
    },
    waitsMs: WAITS_MS,
    random: () => 0.5,
    events: NO_EVENTS,
    clock: { now: () => now, monotonicMs: () => now },
    log,
  };
}

const answered = (statusCode: number, retryAfter?: string) => (): CallAnswer => ({
  kind: "answered",
  statusCode,
  retryAfter,
});

/** Attempts by the schedule, in the time of the test, until the delivery has ended. */
async function deliverAll(delivery: Delivery, answer: () => CallAnswer): Promise<Delivery> {
  let current = delivery;
  while (current.status === "pending") {
    now = current.nextAttemptAt ?? now;
    current = await attemptDelivery(current, depsOf(answer));
  }
  return current;
}

describe("an attempt", () => {
  it("is signed so that the public library verifies it, afresh each time under one id", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    const first = await attemptDelivery(deliveryOf(), depsOf(answered(500)));
    now = first.nextAttemptAt ?? now;
    await attemptDelivery(first, depsOf(answered(200)));
    const receiver = new Webhook(secretOf(1));
    for (const { body, headers } of calls) expect(receiver.verify(body, headers)).toEqual(JSON.parse(body));
    expect(calls.map(({ headers }) => headers["webhook-id"])).toEqual(["msg_1", "msg_1"]);
    expect(Number(calls[1]?.headers["webhook-timestamp"])).toBe(Math.floor(now / 1_000));
    expect(() => new Webhook(secretOf(9)).verify(calls[0]?.body ?? "", calls[0]?.headers ?? {})).toThrow();
  });

  it("is signed with both secrets while the old one is valid, and then with the new one", async () => {
    const secrets = [
      { secret: secretOf(2), until: null },
      { secret: secretOf(1), until: now + 1_000 },
    ];
    await queue.webhooks.endpoints.add(endpointOf({ secrets }));
    await attemptDelivery(deliveryOf(), depsOf(answered(200)));
    now += 2_000;
    await attemptDelivery(deliveryOf(), depsOf(answered(200)));
    const verifies = (byte: number, call = 0) => {
      const { body, headers } = calls[call] ?? { body: "", headers: {} };
      return () => new Webhook(secretOf(byte)).verify(body, headers);
    };
    expect(verifies(1)).not.toThrow();
    expect(verifies(2)).not.toThrow();
    expect(verifies(2, 1)).not.toThrow();
    expect(verifies(1, 1)).toThrow();
  });

  it.each([
    [204, "delivered", null],
    [301, "pending", "redirect"],
    [404, "pending", "status"],
    [410, "failed", "gone"],
    [429, "pending", "status"],
    [500, "pending", "status"],
  ] as const)("that is answered %i leaves the delivery %s", async (statusCode, status, problem) => {
    await queue.webhooks.endpoints.add(endpointOf());
    const after = await attemptDelivery(deliveryOf(), depsOf(answered(statusCode)));
    expect(after).toMatchObject({ status, attempts: 1, lastAttempt: { statusCode, problem } });
    expect(after.nextAttemptAt).toBe(status === "pending" ? now + 5_000 : null);
  });

  it("waits as long as 429 and 503 ask for, up to a day, and no shorter than it would", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    const waitOf = async (statusCode: number, retryAfter: string) =>
      ((await attemptDelivery(deliveryOf(), depsOf(answered(statusCode, retryAfter)))).nextAttemptAt ?? 0) -
      now;
    expect(await waitOf(429, "120")).toBe(120_000);
    expect(
      await waitOf(503, new Date(Math.floor(now / 1_000) * 1_000 + 120_000).toUTCString()),
    ).toBeGreaterThan(118_000);
    expect(await waitOf(429, "1")).toBe(5_000);
    expect(await waitOf(429, "999999999")).toBe(24 * 60 * MINUTE);
    expect(await waitOf(500, "120")).toBe(5_000);
  });

  it("goes where the endpoint is now, and nowhere when it is disabled or removed", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    await queue.webhooks.endpoints.change("ep_1", (endpoint) => ({
      ...endpoint,
      url: "https://new.example.com/",
    }));
    expect(await attemptDelivery(deliveryOf(), depsOf(answered(200)))).toMatchObject({
      url: "https://new.example.com/",
    });
    await queue.webhooks.endpoints.change("ep_1", (endpoint) => ({
      ...endpoint,
      disabled: { at: now, reason: "requested" },
    }));
    const disabled = await attemptDelivery(deliveryOf(), depsOf(answered(200)));
    expect(disabled).toMatchObject({ status: "failed", lastAttempt: { problem: "endpoint_disabled" } });
    await queue.webhooks.endpoints.remove("ep_1");
    const removed = await attemptDelivery(deliveryOf(), depsOf(answered(200)));
    expect(removed).toMatchObject({ status: "failed", lastAttempt: { problem: "endpoint_removed" } });
    expect(calls).toHaveLength(1);
  });
});

describe("a receiver that is down", () => {
  it("for ten minutes has its delivery within half an hour", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    const [start, up] = [now, now + 10 * MINUTE];
    const after = await deliverAll(deliveryOf(), () =>
      now < up ? { kind: "failed", problem: "unreachable" } : answered(200)(),
    );
    expect(after).toMatchObject({ status: "delivered", attempts: 6 });
    expect(now - start).toBeLessThan(30 * MINUTE);
    expect((await queue.webhooks.endpoints.get("ep_1"))?.lastSuccessAt).toBe(now);
  });

  it("for three days is disabled, which is said", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    const start = now;
    const after = await deliverAll(deliveryOf(), answered(500));
    expect(after).toMatchObject({ status: "failed", attempts: 12, nextAttemptAt: null });
    expect((now - start) / (24 * 60 * MINUTE)).toBeCloseTo(3, 1);
    const endpoint = await queue.webhooks.endpoints.get("ep_1");
    expect(endpoint?.disabled).toEqual({ at: now, reason: "failing" });
    expect(log.entries).toEqual([
      expect.objectContaining({ level: "warn", message: expect.stringContaining("disabled") }),
    ]);
    expect(JSON.stringify(log.entries)).not.toContain("whsec_");
  });

  it("for one delivery of several is not disabled", async () => {
    await queue.webhooks.endpoints.add(endpointOf());
    const delivery = deliveryOf();
    now += MINUTE;
    await attemptDelivery(deliveryOf(), depsOf(answered(200)));
    await deliverAll(delivery, answered(500));
    expect((await queue.webhooks.endpoints.get("ep_1"))?.disabled).toBeNull();
  });

  it("for good says so with 410 and is disabled at once", async () => {
    await queue.webhooks.endpoints.add(endpointOf({ lastSuccessAt: now }));
    await deliverAll(deliveryOf(), answered(410));
    expect(calls).toHaveLength(1);
    expect((await queue.webhooks.endpoints.get("ep_1"))?.disabled).toEqual({ at: now, reason: "gone" });
  });
});

describe("the wait between attempts", () => {
  it("is spread by a fifth to both sides", () => {
    const wait = (random: number) => waitAfter(3, { waitsMs: WAITS_MS, random: () => random });
    expect([wait(0), wait(0.5), wait(0.999)]).toEqual([96_000, 120_000, 143_952]);
    expect(waitAfter(WAITS_MS.length + 1, { waitsMs: WAITS_MS, random: () => 0 })).toBeUndefined();
  });

  it.each([undefined, "soon", "-5", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT"])(
    "is not asked for by %s",
    (header) => {
      expect(retryAfterMsOf(header, Date.now())).toBe(0);
    },
  );
});
