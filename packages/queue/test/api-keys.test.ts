import { type ApiKey, MAX_API_KEYS } from "@drover/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BullQueue, connectQueue } from "../src/index.js";
import { redisKeys } from "../src/redis-keys.js";
import { queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
let other: BullQueue;
beforeEach(() => {
  other = connectQueue(on.options);
});
afterEach(() => other.close());

const key = (number: number, change: Partial<ApiKey> = {}): ApiKey => ({
  id: number.toString(16).padStart(12, "0"),
  tenant: "acme",
  scopes: ["submit", "read"],
  name: "laptop",
  sha256: "ab".repeat(32),
  createdAt: number,
  expiresAt: null,
  ...change,
});

describe("the API keys of a server", () => {
  it("are seen by every process until they are removed, oldest first", async () => {
    const { queue } = on;
    expect(await queue.apiKeys.read()).toEqual({ keys: [], isAny: false, tokenSecret: undefined });
    expect(await queue.apiKeys.add(key(2, { expiresAt: 5 }))).toBe(true);
    expect(await queue.apiKeys.add(key(1))).toBe(true);
    expect(await queue.apiKeys.add(key(1, { tenant: "other" }))).toBe(false);
    expect((await other.apiKeys.read()).keys).toEqual([key(1), key(2, { expiresAt: 5 })]);
    expect(await other.apiKeys.remove(key(1).id)).toBe(true);
    expect(await queue.apiKeys.remove(key(1).id)).toBe(false);
    expect((await queue.apiKeys.read()).keys).toEqual([key(2, { expiresAt: 5 })]);
  });

  it("open nothing when they are damaged, and are not taken for no keys", async () => {
    const { queue, client, prefix } = on;
    const wrong = [
      "{",
      "[]",
      JSON.stringify({ ...key(1), scopes: ["root"] }),
      JSON.stringify({ ...key(1), tenant: "A" }),
    ];
    for (const [index, json] of wrong.entries())
      await client.hset(redisKeys(prefix).apiKeys, `k${index}`, json);
    expect(await queue.apiKeys.read()).toMatchObject({ keys: [], isAny: true });
  });

  it("are as many as the bound says, and no more", async () => {
    const { queue, client, prefix } = on;
    const entries = Array.from({ length: MAX_API_KEYS }, (_, i) => [key(i).id, JSON.stringify(key(i))]);
    await client.hset(redisKeys(prefix).apiKeys, ...entries.flat());
    expect(await queue.apiKeys.add(key(MAX_API_KEYS))).toBe(false);
    await queue.apiKeys.remove(key(0).id);
    expect(await queue.apiKeys.add(key(MAX_API_KEYS))).toBe(true);
  });

  it("have one secret for tokens, whoever asks first", async () => {
    const { queue } = on;
    const secrets = await Promise.all(
      [queue, other, queue].map((each, i) => each.apiKeys.keepTokenSecret(`s${i}`)),
    );
    expect(new Set(secrets).size).toBe(1);
    expect((await other.apiKeys.read()).tokenSecret).toBe(secrets[0]);
  });
});
