import { DeliveryList, Webhook, WebhookList, WebhookWithSecret } from "@drover/contract";
import { type Delivery, type JobId, networksOf, parseJobId } from "@drover/core";
import { readManifest } from "@drover/job-files";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formWith, json, submit, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
const URL_OF_RECEIVER = "https://example.com/hook";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

function send(method: string, path: string, body?: unknown): Promise<Response> {
  const content = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return fetch(`${api.url}${path}`, { method, ...(body === undefined ? {} : content) });
}

const create = async (body: object) =>
  WebhookWithSecret.parse(await json(send("POST", "/api/webhooks", { url: URL_OF_RECEIVER, ...body })));

describe("an endpoint", () => {
  it("is registered with a secret that is shown this once", async () => {
    const made = await create({ events: ["job.failed"], description: "pager" });
    expect(made).toMatchObject({ url: URL_OF_RECEIVER, events: ["job.failed"], description: "pager" });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const own = await create({ secret: SECRET });
    expect(own).toMatchObject({ secret: SECRET, events: ["job.completed", "job.failed", "job.cancelled"] });
    const text = await (await send("GET", "/api/webhooks")).text();
    expect(text).not.toContain("whsec_");
    expect(WebhookList.parse(JSON.parse(text)).webhooks.map(({ id }) => id)).toEqual([made.id, own.id]);
    const one = await json(send("GET", `/api/webhooks/${made.id}`));
    expect(Webhook.strict().parse(one)).toMatchObject({
      id: made.id,
      disabled_at: null,
      old_secret_until: null,
    });
    expect(JSON.stringify(api.lines)).not.toContain("whsec_");
  });

  it("gets a new secret, and the old one is valid for a day", async () => {
    const made = await create({});
    const rotated = WebhookWithSecret.parse(await json(send("POST", `/api/webhooks/${made.id}/rotate`)));
    expect(rotated.secret).not.toBe(made.secret);
    const leftMs = Date.parse(rotated.old_secret_until ?? "") - Date.now();
    expect(leftMs / 3_600_000).toBeCloseTo(24, 1);
    await send("POST", `/api/webhooks/${made.id}/rotate`, { secret: SECRET });
    const kept = await api.queue.webhooks.endpoints.get(made.id);
    expect(kept?.secrets.map(({ secret }) => secret)).toEqual([SECRET, rotated.secret]);
  });

  it("is disabled and enabled by a change, which leaves the rest", async () => {
    const made = await create({ events: ["job.failed"] });
    const off = await json(send("PATCH", `/api/webhooks/${made.id}`, { enabled: false }));
    expect(off).toMatchObject({ events: ["job.failed"], disabled_reason: "requested" });
    const on = await json(
      send("PATCH", `/api/webhooks/${made.id}`, { enabled: true, url: "https://b.example/" }),
    );
    expect(on).toMatchObject({ url: "https://b.example/", disabled_at: null, disabled_reason: null });
  });

  it("is removed, and unknown then", async () => {
    const made = await create({});
    expect((await send("DELETE", `/api/webhooks/${made.id}`)).status).toBe(204);
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PATCH", "", {}],
      ["POST", "/rotate", undefined],
      ["DELETE", "", undefined],
    ] as const) {
      const answer = await send(method, `/api/webhooks/${made.id}${path}`, body);
      expect([answer.status, (await json(answer))["code"]]).toEqual([404, "webhook_not_found"]);
    }
  });

  it.each([
    [{ url: "http://example.com/" }, "body.url"],
    [{ url: "https://127.0.0.1/" }, "body.url"],
    [{ url: "https://0x7f.1/" }, "body.url"],
    [{ url: "https://[::ffff:10.0.0.1]/" }, "body.url"],
    [{ url: "https://localhost/" }, "body.url"],
    [{ url: "/hook" }, "body.url"],
    [{ events: [] }, "body.events"],
    [{ events: ["job.started"] }, "body.events.0"],
    [{ secret: "whsec_short" }, "body.secret"],
    [{ colour: "red" }, "body.colour"],
  ])("is refused with %j", async (body, path) => {
    const answer = await send("POST", "/api/webhooks", { url: URL_OF_RECEIVER, ...body });
    const problem = await json(answer);
    expect([answer.status, problem["code"]]).toEqual([400, "invalid_request"]);
    expect(problem["errors"]).toEqual([expect.objectContaining({ path })]);
  });

  it("is refused past fifty", async () => {
    for (let i = 0; i < 50; i += 1) await create({});
    const answer = await send("POST", "/api/webhooks", { url: URL_OF_RECEIVER });
    expect([answer.status, (await json(answer))["detail"]]).toEqual([400, expect.stringContaining("50")]);
  });
});

describe("the receiver that a job names", () => {
  const webhook = { url: "https://example.com/job?x=1", secret: SECRET, events: ["job.failed"] };
  const withWebhook = (value: unknown) => formWith("a\n", { webhook: JSON.stringify(value) });

  it("is kept with the job and its manifest, and shown nowhere", async () => {
    const job = await submitted(api, withWebhook(webhook));
    expect(JSON.stringify(job)).not.toContain("whsec_");
    const id = parseJobId(job.job_id);
    expect(await api.queue.webhooks.deliveries.webhookOf({ id, processor: "csv-count" })).toEqual(webhook);
    const stored = await api.queue.jobs.get(id);
    expect((await readManifest(stored?.input.key ?? "", api.store))?.request.webhook).toEqual(webhook);
    expect(JSON.stringify(api.lines)).not.toContain("whsec_");
  });

  it("is part of what makes a repeated request the same", async () => {
    const key = { "idempotency-key": "k" };
    expect((await submit(api, withWebhook(webhook), key)).status).toBe(202);
    expect((await submit(api, withWebhook(webhook), key)).headers.get("idempotent-replayed")).toBe("true");
    expect((await submit(api, withWebhook({ ...webhook, url: "https://b.example/" }), key)).status).toBe(422);
  });

  it.each([
    [{ ...webhook, url: "https://10.0.0.1/" }, "webhook.url"],
    [{ url: webhook.url }, "webhook.secret"],
    [{ ...webhook, secret: "hunter2" }, "webhook.secret"],
    [{ ...webhook, events: ["job.started"] }, "webhook.events.0"],
    ["https://example.com/", "webhook"],
  ])("is refused as %j", async (value, path) => {
    const answer = await submit(api, withWebhook(value));
    const problem = await json(answer);
    expect([answer.status, problem["errors"]]).toEqual([400, [expect.objectContaining({ path })]]);
    expect(JSON.stringify(problem)).not.toContain("hunter2");
    expect(await api.keys()).toEqual([]);
  });

  it("may be in the network, and by http, that settings allow", async () => {
    await api.close();
    api = await startApi({
      deps: { receivers: { isHttpAllowed: true, allowedNetworks: networksOf("10.0.0.0/8") } },
    });
    await submitted(api, withWebhook({ ...webhook, url: "http://10.0.0.1:8080/" }));
  });
});

describe("the deliveries of a job", () => {
  const deliveryOf = (jobId: JobId, change: Partial<Delivery> = {}): Delivery => ({
    ...{ id: "msg_1", jobId, processor: "csv-count", endpointId: null, url: URL_OF_RECEIVER },
    ...{ event: "job.cancelled", body: "{}", status: "failed", createdAt: 1_000, resends: 0, attempts: 12 },
    lastAttempt: { at: 2_000, durationMs: 3, statusCode: 500, problem: "status" },
    nextAttemptAt: null,
    ...change,
  });

  it("are listed, sent again, and go with the job", async () => {
    const { job_id } = await submitted(api);
    const path = `/api/jobs/${job_id}/deliveries`;
    expect(await json(send("GET", path))).toEqual({ deliveries: [] });
    await api.queue.webhooks.deliveries.add(deliveryOf(parseJobId(job_id)));
    const { deliveries } = DeliveryList.parse(await json(send("GET", path)));
    expect(deliveries).toMatchObject([
      {
        id: "msg_1",
        webhook_id: null,
        status: "failed",
        last_attempt: { status_code: 500, problem: "status" },
      },
    ]);
    const again = await send("POST", `${path}/msg_1/redeliver`);
    expect([again.status, await json(again)]).toMatchObject([
      202,
      { id: "msg_1", status: "pending", attempts: 0 },
    ]);
    await send("DELETE", `/api/jobs/${job_id}`);
    expect(await api.queue.webhooks.deliveries.list(parseJobId(job_id))).toEqual([]);
    expect((await send("GET", path)).status).toBe(404);
  });

  it("are not sent again when there is none, or its endpoint is removed or disabled", async () => {
    const { job_id } = await submitted(api);
    const { id: endpointId } = await create({});
    const redeliver = async (id: string) =>
      (await json(send("POST", `/api/jobs/${job_id}/deliveries/${id}/redeliver`)))["code"];
    expect(await redeliver("msg_none")).toBe("delivery_not_found");
    await api.queue.webhooks.deliveries.add(deliveryOf(parseJobId(job_id), { endpointId }));
    await send("PATCH", `/api/webhooks/${endpointId}`, { enabled: false });
    expect(await redeliver("msg_1")).toBe("webhook_disabled");
    await send("DELETE", `/api/webhooks/${endpointId}`);
    expect(await redeliver("msg_1")).toBe("webhook_not_found");
  });
});
