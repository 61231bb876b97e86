import type { JobId } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { Queue } from "bullmq";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { addOptions } from "../src/bullmq/bullmq-internals.js";
import { connectQueue } from "../src/index.js";
import { encodeRequest } from "../src/job-codec.js";
import { redisKeys } from "../src/redis-keys.js";
import { COMPLETED, FAILED, QueueBench, queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
let bench: QueueBench;
beforeEach(() => {
  bench = new QueueBench(on.queue, connectQueue(on.options));
  return () => bench.close();
});

const TENANTS = ["one", "two", "default"];

describe("a waiting job", () => {
  it("is never lost and never left, whatever is done with it and the others", async () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("submit"), n: fc.nat(200), tenant: fc.nat(2) }) },
      fc.record({
        do: fc.constantFrom(
          "delay",
          "cancel",
          "retry",
          "remove",
          "limit",
          "unlimit",
          "pause",
          "resume",
          "drain",
        ),
        n: fc.nat(200),
        tenant: fc.nat(2),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
        await runAll(operations);
      }),
      { numRuns: 5 },
    );
  }, 60_000);

  it("that BullMQ was given without us is put in line, and has its turn", async () => {
    for (let i = 0; i < 20; i++) await bench.submit({ tenant: "one" });
    const keys = redisKeys(on.prefix);
    const plain = new Queue(bench.processor, {
      connection: { url: on.options.url } as never,
      prefix: keys.queuePrefix(bench.processor),
    });
    const foreign = bench.request({ tenant: "two" });
    await plain.add(bench.processor, encodeRequest(foreign), addOptions(foreign));
    await plain.close();
    const manual = bench.consumeManually();
    const first = await manual.next();
    await waitFor(async () => (await on.client.zcard(`${keys.queuePrefix("copy")}:copy:line:two`)) === 1);
    first.end(COMPLETED);
    expect((await manual.next()).attempt.request.id).toBe(foreign.id);
  });

  it("leaves nothing in the lines when none waits any more", async () => {
    for (const tenant of TENANTS) for (let i = 0; i < 3; i++) await bench.submit({ tenant });
    const done = new Set<JobId>();
    bench.consume(async ({ request }) => {
      done.add(request.id);
      return COMPLETED;
    });
    await waitFor(() => done.size === 9);
    await waitFor(async () => (await lineKeys()).length === 0);
  });
});

interface Operation {
  readonly do: string;
  readonly n: number;
  readonly tenant: number;
}

/** Does it all while two workers run jobs of which some fail, then lets everything go on until nothing waits. */
async function runAll(operations: readonly Operation[]): Promise<void> {
  const ids: JobId[] = [];
  const execute = async ({ number, request }: { number: number; request: { priority: number } }) =>
    number === 1 && request.priority % 3 === 0 ? FAILED : COMPLETED;
  const consumers = [bench.consume(execute, { slots: 2 }), bench.consume(execute, { on: bench.other })];
  const { jobs, limits, dispatch } = bench.queue;
  for (const { do: what, n, tenant: index } of operations) {
    const tenant = TENANTS[index] ?? "one";
    const id = ids[n % Math.max(1, ids.length)];
    if (what === "submit") ids.push((await bench.submit({ tenant, priority: n - 100 })).id);
    if (what === "delay") ids.push((await bench.submit({ tenant, runAt: Date.now() + n / 4 })).id);
    if (what === "cancel" && id !== undefined) await jobs.cancel(id);
    if (what === "retry" && id !== undefined) await jobs.retry(id);
    if (what === "remove" && id !== undefined) await jobs.remove(id);
    if (what === "limit") await limits.set(tenant, { runningJobs: n % 3 });
    if (what === "unlimit") await limits.remove(tenant);
    if (what === "pause") await dispatch.pause(bench.processor);
    if (what === "resume") await dispatch.resume(bench.processor);
    if (what === "drain") {
      await consumers.shift()?.drain(0);
      consumers.push(bench.consume(execute));
    }
  }
  for (const tenant of TENANTS) await limits.remove(tenant);
  await dispatch.resume(bench.processor);
  for (const id of ids) {
    await waitFor(
      async () => {
        const status = (await jobs.get(id))?.status;
        return status !== "queued" && status !== "running";
      },
      { what: `job ${id} to end` },
    );
  }
  await Promise.all(consumers.map((consumer) => consumer.drain(1_000)));
}

async function lineKeys(): Promise<readonly string[]> {
  const keys = await on.client.keys(`*${on.prefix}*`);
  return keys.filter((key) => /:(line:.*|turns|running)$/.test(key));
}
