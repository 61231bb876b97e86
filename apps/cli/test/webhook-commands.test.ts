import type { Delivery, WebhookWithSecret } from "@drover/client";
import { createClient } from "@drover/client";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addWebhooks } from "../src/commands/webhooks.js";
import { plain } from "../src/terminal/paint.js";
import { JOB_ID, Screen, serve } from "./fixtures.js";

const TIME = "2026-01-01T00:00:00.000Z";

const WEBHOOK: WebhookWithSecret = {
  ...{ id: "ep_1", url: "https://example.com/hook", description: "pager", events: ["job.failed"] },
  ...{ created_at: TIME, disabled_at: TIME, disabled_reason: "gone", last_success_at: null },
  ...{ old_secret_until: null, secret: "whsec_x" },
};
const DELIVERY: Delivery = {
  ...{
    id: "msg_1",
    job_id: JOB_ID,
    webhook_id: "ep_1",
    url: "https://example.com/\u001b[2J",
    event: "job.failed",
  },
  ...{ status: "pending", created_at: TIME, attempts: 2, next_attempt_at: TIME },
  last_attempt: { at: TIME, duration_ms: 3, status_code: 500, problem: "status" },
};

/** Runs a command against a server that answers `body`; answers what was asked, said and printed. */
async function run(args: readonly string[], body: unknown, status = 200) {
  const asked: string[] = [];
  const url = await serve(async (request, response) => {
    let sent = "";
    for await (const chunk of request) sent += chunk;
    asked.push(`${request.method} ${request.url} ${sent}`.trim());
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(status === 204 ? "" : JSON.stringify(body));
  });
  const [out, remarks] = [new Screen({ isTTY: false }), new Screen({ isTTY: false })];
  const client = createClient({ baseUrl: url });
  const context = {
    client,
    out: out as unknown as NodeJS.WriteStream,
    remarks: remarks as unknown as NodeJS.WriteStream,
    paint: { out: plain, remarks: plain },
  };
  let code: number | undefined;
  const program = new Command().exitOverride();
  addWebhooks(
    program,
    () => context,
    (its) => {
      code = its;
    },
  );
  await program.parseAsync(["node", "drover", ...args]);
  return { asked, code, printed: out.text };
}

test("an endpoint is added and its secret shown", async () => {
  const { asked, code, printed } = await run(
    ["webhooks", "add", "https://example.com/hook", "-e", "job.failed", "-d", "pager"],
    WEBHOOK,
    201,
  );
  expect(asked).toEqual([
    'POST /api/webhooks {"url":"https://example.com/hook","events":["job.failed"],"description":"pager"}',
  ]);
  expect([code, printed]).toEqual([0, expect.stringContaining("whsec_x (shown this once)")]);
});

test("endpoints are listed with why they are disabled, enabled, rotated and removed", async () => {
  const { printed } = await run(["webhooks"], { webhooks: [WEBHOOK] });
  expect(printed).toContain("ep_1  https://example.com/hook");
  expect(printed).toContain(`disabled  ${TIME} (gone)`);
  expect(printed).not.toContain("whsec_");
  expect((await run(["webhooks", "enable", "ep_1"], WEBHOOK)).asked).toEqual([
    'PATCH /api/webhooks/ep_1 {"enabled":true}',
  ]);
  expect((await run(["webhooks", "disable", "ep_1"], WEBHOOK)).asked).toEqual([
    'PATCH /api/webhooks/ep_1 {"enabled":false}',
  ]);
  expect((await run(["webhooks", "rotate", "ep_1"], WEBHOOK)).asked).toEqual([
    "POST /api/webhooks/ep_1/rotate",
  ]);
  expect(await run(["webhooks", "remove", "ep_1"], undefined, 204)).toMatchObject({
    asked: ["DELETE /api/webhooks/ep_1"],
    code: 0,
  });
});

test("deliveries are listed in a line each that harms no terminal, and sent again", async () => {
  const { printed } = await run(["deliveries", JOB_ID], { deliveries: [DELIVERY] });
  expect(printed).toBe(
    `msg_1  job.failed  pending  https://example.com/\\u001b[2J  (2 attempts, next ${TIME}) 500 status\n`,
  );
  const again = await run(["redeliver", JOB_ID, "msg_1", "--json"], DELIVERY, 202);
  expect(again.asked).toEqual([`POST /api/jobs/${JOB_ID}/deliveries/msg_1/redeliver`]);
  expect(JSON.parse(again.printed)).toEqual(DELIVERY);
});
