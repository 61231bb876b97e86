import { queueSuite, type TestRedis, testRedis } from "@drover/testkit";
import { afterAll, beforeAll } from "vitest";
import { connectQueue, createMemoryQueue } from "../src/index.js";
import { silentLog } from "./requests.js";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(() => redis.stop());

queueSuite("memory", async () => {
  const queue = createMemoryQueue();
  return { queue, other: queue, close: () => queue.close() };
});

queueSuite("BullMQ on Redis", async () => {
  const options = { url: redis.url, prefix: redis.prefix(), log: silentLog };
  const [queue, other] = [connectQueue(options), connectQueue(options)];
  return {
    queue,
    other,
    close: async () => {
      await Promise.all([queue.close(), other.close()]);
    },
  };
});
