import {
  type Delivery,
  type JobId,
  MAX_DELIVERIES,
  type QueuePorts,
  type WebhookEndpoint,
} from "@drover/core";
import { newJobId, newRequest, waitFor } from "@drover/testkit";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis({ lease: { leaseMs: 1_000, stalledCheckMs: 300 } });
let deliveries: QueuePorts["webhooks"]["deliveries"];
let jobId: JobId;
beforeEach(() => {
  deliveries = on.queue.webhooks.deliveries;
  jobId = newJobId();
});

function deliveryOf(id: string, change: Partial<Delivery> = {}): Delivery {
  return {
    ...{
      id,
      jobId,
      processor: "copy",
      endpointId: null,
      url: "https://example.com/",
      event: "job.completed",
    },
    ...{ body: "{}", status: "pending", createdAt: Date.now(), resends: 0, attempts: 0, lastAttempt: null },
    nextAttemptAt: Date.now(),
    ...change,
  };
}

/** Consumes until the test is over; every attempt becomes what `after` says. */
function consume(after: (delivery: Delivery) => Partial<Delivery> | Promise<Partial<Delivery>>): Delivery[] {
  const seen: Delivery[] = [];
  const consumer = deliveries.consume({ slots: 5, workerId: "w1" }, async (delivery) => {
    seen.push(delivery);
    return { ...delivery, attempts: delivery.attempts + 1, ...(await after(delivery)) };
  });
  onTestFinished(() => consumer.drain(100));
  return seen;
}

const DELIVERED = { status: "delivered", nextAttemptAt: null } as const;

describe("a delivery", () => {
  it("is attempted once, however often it is added", async () => {
    const delivery = deliveryOf("msg_a");
    await Promise.all([deliveries.add(delivery), deliveries.add(delivery), deliveries.add(delivery)]);
    const seen = consume(() => DELIVERED);
    await deliveries.add(deliveryOf("msg_b"));
    await waitFor(() => seen.length >= 2);
    await deliveries.add(delivery); // its end is known
    await deliveries.add(deliveryOf("msg_c"));
    await waitFor(() => seen.some(({ id }) => id === "msg_c"));
    expect(seen.map(({ id }) => id).sort()).toEqual(["msg_a", "msg_b", "msg_c"]);
    await waitFor(async () => (await deliveries.get(jobId, "msg_c"))?.status === "delivered");
  });

  it("comes back when its next attempt is due, with what the last one left", async () => {
    await deliveries.add(deliveryOf("msg_a"));
    const times: number[] = [];
    const seen = consume(({ attempts }) => {
      times.push(Date.now());
      return attempts === 2 ? DELIVERED : { nextAttemptAt: Date.now() + 300 };
    });
    await waitFor(async () => (await deliveries.get(jobId, "msg_a"))?.status === "delivered");
    expect(seen.map(({ attempts }) => attempts)).toEqual([0, 1, 2]);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(550);
  });

  it("is attempted by another process when the first dies with it", async () => {
    await deliveries.add(deliveryOf("msg_a"));
    const taken: string[] = [];
    let end = (_: Delivery) => {};
    const late = new Promise<Delivery>((resolve) => {
      end = resolve;
    });
    const first = deliveries.consume({ slots: 1, workerId: "w1" }, ({ id }) => {
      taken.push(id);
      return late;
    });
    await waitFor(() => taken.length === 1);
    await first.drain(0); // lets go of its connection: nobody renews the lease
    const seen = consume(() => DELIVERED);
    await waitFor(() => seen.length === 1, { deadlineMs: 15_000 });
    end(deliveryOf("msg_a", DELIVERED));
  });

  it("is not attempted once it is erased, as with its job", async () => {
    const request = newRequest();
    await on.queue.jobs.submit(request);
    jobId = request.id;
    await deliveries.add(deliveryOf("msg_a"));
    await on.queue.jobs.remove(request.id);
    expect(await deliveries.list(jobId)).toEqual([]);
    const seen = consume(() => DELIVERED);
    jobId = newJobId();
    await deliveries.add(deliveryOf("msg_b"));
    await waitFor(() => seen.length > 0);
    expect(seen.map(({ id }) => id)).toEqual(["msg_b"]);
  });

  it("is sent again, whether it ended or waits", async () => {
    const far = Date.now() + 3_600_000;
    await deliveries.add(deliveryOf("msg_waits", { nextAttemptAt: far, attempts: 3 }));
    await deliveries.add(deliveryOf("msg_ends"));
    const seen = consume(() => DELIVERED);
    await waitFor(async () => (await deliveries.get(jobId, "msg_ends"))?.status === "delivered");
    expect(await deliveries.sendAgain(jobId, "msg_ends")).toMatchObject({ status: "pending", resends: 1 });
    expect(await deliveries.sendAgain(jobId, "msg_waits")).toMatchObject({ attempts: 0, resends: 0 });
    expect(await deliveries.sendAgain(jobId, "msg_none")).toBeUndefined();
    await waitFor(() => seen.length === 3);
    expect(seen.map(({ id }) => id).sort()).toEqual(["msg_ends", "msg_ends", "msg_waits"]);
  });
});

describe("the list of a job's deliveries", () => {
  it("is newest first, and keeps the pending ones and the newest others", async () => {
    const count = MAX_DELIVERIES + 3;
    for (let i = 0; i < count; i += 1) {
      const isPending = i < 2;
      await deliveries.add(
        deliveryOf(`msg_${i}`, {
          createdAt: 1_000 + i,
          status: isPending ? "pending" : "delivered",
          nextAttemptAt: isPending ? Date.now() + 3_600_000 : null,
        }),
      );
    }
    const ids = (await deliveries.list(jobId)).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_DELIVERIES);
    expect(ids.slice(0, 2)).toEqual([`msg_${count - 1}`, `msg_${count - 2}`]);
    expect(ids.slice(-3)).toEqual(["msg_5", "msg_1", "msg_0"]);
  });
});

describe("the endpoints", () => {
  const endpoint = (id: string, createdAt = 1): WebhookEndpoint => ({
    ...{ id, tenant: "default", url: "https://example.com/", description: "" },
    ...{ events: ["job.failed"], createdAt },
    ...{ secrets: [{ secret: "whsec_x", until: null }], disabled: null, lastSuccessAt: null },
  });

  it("are added up to a number, read, changed one after the other, and removed", async () => {
    const { endpoints } = on.queue.webhooks;
    expect(await endpoints.add(endpoint("ep_b", 2))).toBe(true);
    expect(await endpoints.add(endpoint("ep_a", 1))).toBe(true);
    const grow = () =>
      endpoints.change("ep_a", (current) => ({ ...current, description: `${current.description}x` }));
    await Promise.all([grow(), grow(), grow()]);
    expect(await endpoints.list()).toEqual([
      { ...endpoint("ep_a", 1), description: "xxx" },
      endpoint("ep_b", 2),
    ]);
    for (let i = 2; i < 50; i += 1) expect(await endpoints.add(endpoint(`ep_${i}`))).toBe(true);
    expect(await endpoints.add(endpoint("ep_more"))).toBe(false);
    expect(await endpoints.remove("ep_a")).toBe(true);
    expect(await endpoints.remove("ep_a")).toBe(false);
    expect(await endpoints.get("ep_a")).toBeUndefined();
    expect(await endpoints.change("ep_a", (current) => current)).toBeUndefined();
  });
});
