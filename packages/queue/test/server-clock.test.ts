import { newRequest, silentLog, type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerClock } from "../src/bullmq/server-clock.js";
import { connectQueue } from "../src/index.js";
import { RedisLink } from "../src/redis-link.js";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.stop());

/** Runs `body` while this machine's clock is `ms` ahead of the server's. */
async function withClockAhead(ms: number, body: () => Promise<void>): Promise<void> {
  const now = Date.now;
  Date.now = () => now() + ms;
  try {
    await body();
  } finally {
    Date.now = now;
  }
}

describe("the server's clock", () => {
  it("is what the ends of jobs are stamped with and what ages are taken from, whatever this machine's clock says", async () => {
    const queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log: silentLog });
    const trueNow = Date.now;
    await withClockAhead(3_600_000, async () => {
      await queue.health.ping();
      await waitFor(() => Math.abs(queue.clock.now() - trueNow()) < 500);
      const [completed, failed, cancelled] = [
        newRequest(),
        newRequest({ params: { fail: true } }),
        newRequest(),
      ];
      await queue.jobs.submit(cancelled);
      await queue.jobs.cancel(cancelled.id);
      await queue.jobs.submit(completed);
      await queue.jobs.submit(failed);
      const consumer = queue.attempts.consume(
        "copy",
        { slots: 2, workerId: "w", retry: { baseDelayMs: 0, maxDelayMs: 0 } },
        async ({ request }) =>
          request.params["fail"] === true
            ? { kind: "failed", code: "input_invalid", message: "no", retryable: false }
            : { kind: "completed", result: null, artifacts: [] },
      );
      for (const { id } of [completed, failed, cancelled]) {
        const end = await waitFor(async () => (await queue.jobs.get(id))?.finishedAt);
        expect(Math.abs(end - trueNow())).toBeLessThan(5_000);
        // The first is stamped by whoever submitted.
        const [, ...events] = (await queue.jobs.history(id)).events;
        const times = events.map(({ at }) => at);
        for (const at of times) expect(Math.abs(at - trueNow())).toBeLessThan(5_000);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
      expect(await queue.finished.finishedBefore("copy", "completed", queue.clock.now() + 1_000, 9)).toEqual([
        completed.id,
      ]);
      await consumer.drain(0);
    });
    await queue.close();
  });

  it("warns once when the clocks differ by more than 2 s, and says when they agree again", async () => {
    const lines: string[] = [];
    const log = {
      ...silentLog,
      warn: (line: string) => lines.push(line),
      info: (line: string) => lines.push(line),
    };
    const link = new RedisLink(redis.url, silentLog);
    const clock = new ServerClock(link, log);
    await link.use((client) => client.ping());
    await withClockAhead(-3_000, async () => {
      await clock.measure();
      await clock.measure();
    });
    expect(lines).toEqual([expect.stringContaining("differs from that of Redis by 3 s")]);
    await clock.measure();
    expect(lines).toHaveLength(2);
    clock.stop();
    link.close();
  });
});
