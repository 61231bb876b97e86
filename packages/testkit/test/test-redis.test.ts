import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { testRedis } from "../src/index.js";

it("the Redis of the unit tests is a real one that evicts nothing", async () => {
  const client = new Redis((await testRedis()).url);
  try {
    expect(await client.ping()).toBe("PONG");
    expect(await client.info("server")).toContain("redis_version");
    expect(await client.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  } finally {
    client.disconnect();
  }
});

it("a test of it has prefixes of its own, whose keys go with it, and leaves everybody else's", async () => {
  const [own, other] = [await testRedis(), await testRedis()];
  const client = new Redis(own.url);
  try {
    const [first, second, foreign] = [own.prefix(), own.prefix(), other.prefix()];
    expect(new Set([first, second, foreign]).size).toBe(3);
    await client.mset(`{${first}:q}:q:1`, "x", `${second}:jobs`, "x", `${foreign}:jobs`, "x");
    await own.stop();
    expect(await client.exists(`{${first}:q}:q:1`, `${second}:jobs`)).toBe(0);
    expect(await client.exists(`${foreign}:jobs`)).toBe(1);
    await other.stop();
    expect(await client.exists(`${foreign}:jobs`)).toBe(0);
  } finally {
    client.disconnect();
  }
});
