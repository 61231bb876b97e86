import { connectQueue } from "@drover/queue";
import { type RedisTap, redisTap, silentLog, testRedis } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { json, submitted } from "./job-steps.js";
import { bearer, madeKey, startKeyedApi } from "./keyed-api.js";
import type { TestApi } from "./test-api.js";

const POLLS = 20;

let tap: RedisTap;
let api: TestApi;
let key: string;
let jobId: string;

beforeEach(async () => {
  const redis = await testRedis();
  const prefix = redis.prefix();
  tap = await redisTap(redis.url);
  onTestFinished(async () => {
    await tap.close();
    await redis.stop();
  });
  const queue = connectQueue({ url: tap.url, prefix, log: silentLog });
  // Its own readings of the keys are far apart here, so that what is counted is what the polls send.
  api = await startKeyedApi({ queue, everyMs: 60_000, trustMs: 60_000 });
  ({ key } = await madeKey(api, { tenant: "default", scopes: ["submit", "read", "admin"] }));
  jobId = (await submitted(api, undefined, bearer(key))).job_id;
  await poll(); // once, for what is asked and kept with the first one
});
afterEach(() => api.close());

const poll = (headers: Record<string, string> = bearer(key)) =>
  fetch(`${api.url}/api/jobs/${jobId}`, { headers });

/** What was sent to Redis for it, but for the clock, which is asked now and then by itself. */
async function commandsOf(work: () => Promise<void>): Promise<readonly string[]> {
  const before = tap.commands.length;
  await work();
  return tap.commands
    .slice(before)
    .map(([name = ""]) => name.toLowerCase())
    .filter((name) => name !== "time");
}

describe("a status poll of a warm api", () => {
  it("costs one command of Redis with a key, as it does by a job's token", async () => {
    const issued = await json(
      fetch(`${api.url}/api/jobs/${jobId}/tokens`, { method: "POST", headers: bearer(key) }),
    );
    const token = String(issued["token"]);
    for (const headers of [bearer(key), { "x-api-key": key }, bearer(token)]) {
      const commands = await commandsOf(async () => {
        for (let i = 0; i < POLLS; i++) expect((await poll(headers)).status).toBe(200);
      });
      expect(commands).toEqual(Array(POLLS).fill("evalsha"));
    }
  });

  it("costs none when it is refused: by a scope, or with a key of no form", async () => {
    const { key: submitter } = await madeKey(api, { tenant: "default", scopes: ["submit"] }, bearer(key));
    const commands = await commandsOf(async () => {
      expect((await poll(bearer(submitter))).status).toBe(403);
      expect((await poll(bearer("hello"))).status).toBe(401);
      expect((await poll({})).status).toBe(401);
    });
    expect(commands).toEqual([]);
  });
});
