import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { testRedis } from "../src/index.js";

describe("the Redis of a test file", () => {
  it("is a real one, with prefixes of their own for each test, until it is stopped", async () => {
    const redis = await testRedis();
    const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => undefined); // refused once it is stopped
    try {
      expect(await client.ping()).toBe("PONG");
      const [first, second] = [redis.prefix(), redis.prefix()];
      expect(first).not.toBe(second);
      await client.set(`{${first}:q}:x`, "1");
      expect(await client.info("server")).toContain("redis_version");
      expect(await client.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  it("leaves a Redis that was given as it was, except for the keys of the tests", async () => {
    const given = await testRedis();
    const before = process.env["REDIS_URL"];
    process.env["REDIS_URL"] = given.url;
    const client = new Redis(given.url);
    try {
      await client.set("somebody-elses", "1");
      const shared = await testRedis();
      expect(shared.url).toBe(given.url);
      const prefix = shared.prefix();
      await client.mset(`{${prefix}:q}:q:1`, "x", `${prefix}:jobs`, "x");
      await shared.stop();
      expect(await client.keys("*")).toEqual(["somebody-elses"]);
    } finally {
      if (before === undefined) delete process.env["REDIS_URL"];
      else process.env["REDIS_URL"] = before;
      await client.del("somebody-elses");
      client.disconnect();
      await given.stop();
    }
  });
});
