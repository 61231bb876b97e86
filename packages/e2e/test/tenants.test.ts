import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "@drover/client";
import { Redis, waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";

const key = (name: string) => name.padEnd(32, "0");
const KEYS = ["many", "few"].map((tenant) => `${tenant}:submit+read:${key(tenant)}`);
const env = { DROVER_API_KEYS: [...KEYS, `ops:admin:${key("ops")}`].join(",") };

let system: System | undefined;
afterEach(async () => {
  await system?.stop();
  system = undefined;
});

const clientOf = (tenant: string): Client =>
  createClient({ baseUrl: system?.url(0) ?? "", apiKey: key(tenant) });

async function submit(tenant: string, count: number, params: { readonly ms?: number } = {}) {
  const client = clientOf(tenant);
  const ids: string[] = [];
  for (let i = 0; i < count; i += 20) {
    const some = Array.from({ length: Math.min(20, count - i) }, (_, n) =>
      client.submit("digest", new Blob([`${tenant} ${i + n}`]), { params }),
    );
    ids.push(...(await Promise.all(some)).map(({ job_id }) => job_id));
  }
  return ids;
}

describe("tenants over real processes", { timeout: 180_000 }, () => {
  it.skipIf(ONLY_IN_FULL !== "")(
    `F16: many jobs of one do not delay the few of another by more than as many of theirs${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 1, env });
      await submit("many", 160, { ms: 40 });
      const few = await submit("few", 10);
      await Promise.all(few.map((id) => clientOf("few").wait(id)));
      const { jobs } = await clientOf("many").list({ status: "queued", limit: 200 });
      // Turn about: about ten of the others began meanwhile, beside those that had before; most wait still.
      expect(jobs.length).toBeGreaterThan(60);
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `F11: what Redis lost comes back to whose it was, and is nobody else's${ONLY_IN_FULL}`,
    async () => {
      const swept = { ...env, DROVER_SWEEP_INTERVAL: "500ms" };
      system = await System.start({ apis: 1, workers: 1, env: swept });
      await Promise.all(system.workers.splice(0).map((worker) => worker.kill()));
      const [mine = ""] = await submit("many", 1);
      const [theirs = ""] = await submit("few", 1);
      const redis = new Redis(system.redis.url);
      await redis.flushall();
      redis.disconnect();
      await system.startWorker();
      for (const [tenant, id] of [["many", mine] as const, ["few", theirs] as const]) {
        await waitFor(
          async () =>
            (
              await clientOf(tenant)
                .get(id)
                .catch(() => undefined)
            )?.status === "completed",
          {
            deadlineMs: 30_000,
          },
        );
      }
      await expect(clientOf("few").get(mine)).rejects.toMatchObject({ status: 404 });
      expect((await clientOf("few").list()).jobs.map(({ job_id }) => job_id)).toEqual([theirs]);
      expect((await clientOf("ops").get(mine)).job_id).toBe(mine);
    },
  );

  it("that are at their limit wait, and say so, until it is raised", async () => {
    system = await System.start({ apis: 1, workers: 1, env: { ...env, DROVER_TENANT_RUNNING: "1" } });
    await sleep(1_500); // a worker reads the limits every second
    const [, second = ""] = await submit("many", 2, { ms: 60_000 });
    await waitFor(async () => {
      const { jobs } = await clientOf("many").list({ status: "queued" });
      return jobs.length === 1 && jobs[0]?.waiting?.reason === "tenant_limit";
    });
    const raised = await fetch(`${system.url(0)}/api/tenants/many/limits`, {
      method: "PUT",
      headers: { authorization: `Bearer ${key("ops")}`, "content-type": "application/json" },
      body: JSON.stringify({ running_jobs: 2 }),
    });
    expect(raised.status).toBe(200);
    await waitFor(async () => (await clientOf("many").get(second)).status === "running", {
      deadlineMs: 15_000,
    });
    const { actions } = (await (
      await fetch(`${system.url(0)}/api/audit`, { headers: { authorization: `Bearer ${key("ops")}` } })
    ).json()) as { actions: readonly { action: string; key_id: string }[] };
    expect(actions).toMatchObject([{ action: "setLimits", key_id: expect.stringMatching(/^env:/) }]);
  });
});
