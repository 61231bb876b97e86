import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "@drover/testkit";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { ONLY_IN_FULL, System, sized } from "../src/system.js";

const SECRET = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const ENV = { DROVER_WEBHOOK_ALLOW: "127.0.0.1", DROVER_WEBHOOK_HTTP: "allow" };
const JOBS = sized(20, 200);

/** Address of a receiver that lives as long as the test. */
async function receiver(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

describe("webhooks", () => {
  let system: System;
  afterEach(() => system.stop());

  it("F17: every job's end is told, signed, though the worker is killed between ends and deliveries", async () => {
    system = await System.start({ apis: 1, workers: 1, env: { ...ENV, DROVER_CONCURRENCY: "4" } });
    const client = system.client();
    const told = new Map<string, Set<string>>();
    let isHolding = true;
    const url = await receiver(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const headers = request.headers as Record<string, string>;
      const event = new Webhook(SECRET).verify(body, headers) as { type: string; data: { job_id: string } };
      if (isHolding) return; // never answered: the delivery is under way when its worker dies
      const ids = told.get(event.data.job_id) ?? new Set();
      told.set(event.data.job_id, ids.add(`${event.type} ${headers["webhook-id"]}`));
      response.writeHead(204).end();
    });
    const submit = (ms: number) =>
      client.submit("digest", new Blob([`${ms}`]), {
        params: { ms },
        webhook: { url, secret: SECRET },
      });
    const jobs = await Promise.all(Array.from({ length: JOBS }, () => submit(10)));
    await waitFor(
      async () => (await client.list({ status: "completed", limit: 200 })).jobs.length > JOBS / 2,
    );
    await system.workers[0]?.kill();
    const cancelled = await submit(10);
    await client.cancel(cancelled.job_id); // ends while no worker is there to tell of it
    isHolding = false;
    await system.startWorker();
    await waitFor(() => told.size === JOBS + 1, { deadlineMs: 60_000, what: "every end to be told" });
    for (const { job_id } of jobs) {
      expect([...(told.get(job_id) ?? [])]).toEqual([expect.stringMatching(/^job\.completed msg_/)]);
    }
    expect([...(told.get(cancelled.job_id) ?? [])]).toEqual([expect.stringMatching(/^job\.cancelled msg_/)]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `F17: a receiver that never answers makes no job late, and a redirect leads nowhere${ONLY_IN_FULL}`,
    async () => {
      system = await System.start({ apis: 1, workers: 1, processors: ["noop"], env: ENV });
      const client = system.client();
      const run = async () => {
        const startedAt = performance.now();
        const jobs = await Promise.all(
          Array.from({ length: JOBS }, () => client.submit("noop", new Blob(["x"]))),
        );
        for (const { job_id } of jobs) expect((await client.wait(job_id)).status).toBe("completed");
        return performance.now() - startedAt;
      };
      await run(); // warm
      const before = Math.max(await run(), await run());
      let innerCalls = 0;
      const inner = await receiver((_request, response) => {
        innerCalls += 1;
        response.end();
      });
      const silent = await receiver(() => {});
      const leading = await receiver((_request, response) =>
        response.writeHead(302, { location: inner }).end(),
      );
      for (const url of [silent, leading]) await client.webhooks.create({ url });
      const after = Math.min(await run(), await run());
      expect(after).toBeLessThan(2 * before + 500);
      const { job_id } = await client.submit("noop", new Blob(["y"]));
      await client.wait(job_id);
      const problems = async () =>
        (await client.webhooks.deliveries(job_id)).map(({ url, last_attempt }) =>
          url === leading ? last_attempt?.problem : "silent",
        );
      await waitFor(async () => (await problems()).includes("redirect"), { deadlineMs: 30_000 });
      expect(innerCalls).toBe(0);
    },
  );
});
