import { newJobId, newRequest } from "@drover/testkit";
import { describe, expect, it } from "vitest";
import { queueOnRedis } from "./queue-bench.js";

const on = queueOnRedis();
const use = (tenant = "acme") => on.queue.use.of(tenant, "copy");
const bytesKey = () => `{${on.prefix}:copy}:copy:bytes`;

describe("the bytes of a tenant", () => {
  it("are those of its jobs, set and not added up", async () => {
    const request = newRequest({ tenant: "acme" });
    await on.queue.jobs.submit(request);
    await on.queue.jobs.submit(request); // a repeated submit
    await on.queue.jobs.submit(newRequest({ tenant: "acme" }));
    await on.queue.jobs.submit(newRequest({ tenant: "other" }));
    expect(await use()).toEqual({ queued: 2, running: 0, storedBytes: 20 });
    await on.queue.jobs.remove(request.id);
    expect(await use()).toEqual({ queued: 1, running: 0, storedBytes: 10 });
  });

  it("lose what belongs to jobs that somebody else removed, and nothing else", async () => {
    await on.queue.jobs.submit(newRequest({ tenant: "acme" }));
    await on.client.hset(bytesKey(), newJobId(), "70 acme");
    await on.client.hincrby(`${bytesKey()}:stored`, "acme", 70);
    expect((await use()).storedBytes).toBe(80);
    await on.queue.use.mend("copy");
    expect((await use()).storedBytes).toBe(10);
    expect(await on.client.hlen(bytesKey())).toBe(1);
  });

  it("take no room in Redis for the default tenant, which has no limit here", async () => {
    const request = newRequest();
    await on.queue.jobs.submit(request);
    expect((await use("default")).storedBytes).toBeNull();
    expect(await on.client.exists(bytesKey())).toBe(0);
    await on.queue.jobs.remove(request.id);
  });
});
