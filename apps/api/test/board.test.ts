import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { connectQueue } from "@drover/queue";
import { type TestRedis, testRedis, waitFor } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isFromThisMachine } from "../src/access/admin-access.js";
import { audited, signedInWith } from "./browser-steps.js";
import { json, submitted } from "./job-steps.js";
import { bearer, startKeyedApi } from "./keyed-api.js";
import { CSV, type TestApi } from "./test-api.js";

describe("this machine is known", () => {
  const request = (headers: Record<string, string>, remoteAddress = "127.0.0.1") => ({
    remoteAddress,
    headers: { host: "127.0.0.1:8000", ...headers },
  });

  it.each([
    [{}, "127.0.0.1"],
    [{ host: "localhost" }, "127.0.0.1"],
    [{ host: "[::1]:8000" }, "::1"],
    [{ host: "localhost:8000" }, "::ffff:127.0.0.1"],
  ])("by its address and its names (%j from %s)", (headers, address) => {
    expect(isFromThisMachine(request(headers, address))).toBe(true);
  });

  it.each([
    [{}, "10.0.0.5"],
    [{}, "::ffff:10.0.0.5"],
    [{ host: "evil.example" }, "127.0.0.1"],
    [{ host: "localhost.evil.example" }, "127.0.0.1"],
    [{ host: "127.0.0.1.evil.example" }, "127.0.0.1"],
    [{ host: "" }, "127.0.0.1"],
    [{ "x-forwarded-for": "127.0.0.1" }, "127.0.0.1"],
    [{ forwarded: "for=127.0.0.1" }, "127.0.0.1"],
    [{ "x-real-ip": "127.0.0.1" }, "127.0.0.1"],
  ])("and nobody else is taken for it (%j from %s)", (headers, address) => {
    expect(isFromThisMachine(request(headers, address))).toBe(false);
  });
});

describe("the operators' board", () => {
  let redis: TestRedis;
  let api: TestApi;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.stop());
  const start = async (isWritable = false) => {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log });
    api = await startKeyedApi({
      queue,
      environment: [
        { tenant: "ops", scopes: ["admin"], key: "s3:cret" },
        { tenant: "acme", scopes: ["submit", "read"], key: "tenant" },
      ],
      board: {
        isWritable,
        queueOf: async (name) => new BullMQAdapter(queue.boardQueue(name), { readOnlyMode: !isWritable }),
      },
    });
  };
  beforeEach(() => start());
  afterEach(() => api.close());
  const queues = async () =>
    (
      (await (await fetch(`${api.url}/admin/queues/api/queues`)).json()) as {
        queues: { name: string; readOnlyMode: boolean }[];
      }
    ).queues;

  it("is a page that loads nothing from elsewhere", async () => {
    const response = await fetch(`${api.url}/admin/queues/`);
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(page).not.toMatch(/https?:\/\//);
    const scripts = [...page.matchAll(/(?:src|href)="(static[^"]+)"/g)].map((match) => match[1]);
    expect(scripts.length).toBeGreaterThan(2);
    for (const path of scripts) {
      const script = await fetch(`${api.url}/admin/queues/${path}`);
      expect([script.status, (await script.text()).length > 100]).toEqual([200, true]);
    }
  });

  it("shows the queues with their jobs, and follows the catalogue", async () => {
    await submitted(api, undefined, bearer("tenant"));
    expect((await queues()).map(({ name }) => name).sort()).toEqual(["any-file", "csv-count", "moodle-log"]);
    await api.queue.catalogue.announce(
      { id: "w2", host: "h", pid: 2, slots: 1, processors: ["newcomer"], startedAt: 0 },
      [{ ...CSV, name: "newcomer" }],
    );
    await api.deps.processors.list();
    const shown = await queues();
    expect(shown).toHaveLength(4);
    expect(shown.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
  });

  it("changes nothing by default, whoever asks", async () => {
    await queues();
    for (const method of ["PUT", "POST", "PATCH", "DELETE"]) {
      const response = await fetch(`${api.url}/admin/queues/api/queues/csv-count/obliterate`, {
        method,
        headers: bearer("s3:cret"),
      });
      expect(response.status).toBe(405);
    }
  });

  const through = { "x-forwarded-for": "10.0.0.5" };
  const look = (headers: Record<string, string>, path = "") =>
    fetch(`${api.url}/admin/queues/${path}`, { headers: { ...through, ...headers } });
  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`,
  });

  it("challenges a browser that comes through a proxy, for its pages and for what they load", async () => {
    const wrong = [
      {},
      bearer("x"),
      { authorization: "Bearer" },
      basic("x"),
      basic(""),
      { authorization: "s3:cret" },
    ];
    for (const headers of wrong) {
      const response = await look(headers);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Basic");
      expect(await json(response)).toMatchObject({ code: "unauthorized" });
    }
    expect((await look({}, "static/js/x.js")).status).toBe(401);
  });

  it("opens by a key of an admin, sent as any way there is, and by no other", async () => {
    for (const headers of [bearer("s3:cret"), basic("s3:cret"), { "x-api-key": "s3:cret" }])
      expect((await look(headers)).status).toBe(200);
    expect((await look(bearer("tenant"))).status).toBe(403);
  });

  it("leads people to the sign-in page, and back", async () => {
    const ask = (method: string, headers: Record<string, string>) =>
      fetch(`${api.url}/admin/queues/queue/csv-count?status=failed`, {
        ...{ method, redirect: "manual" },
        headers: { ...through, accept: "text/html,*/*", ...headers },
      });
    const led = await ask("GET", {});
    expect(led.status).toBe(303);
    expect(led.headers.get("location")).toBe(
      "/sign-in?next=%2Fadmin%2Fqueues%2Fqueue%2Fcsv-count%3Fstatus%3Dfailed",
    );
    expect((await ask("GET", { cookie: `drover_session=${"x".repeat(43)}` })).status).toBe(303);
    expect((await ask("GET", await signedInWith(api, "s3:cret"))).status).toBe(200);
    expect((await ask("GET", await signedInWith(api, "tenant"))).status).toBe(403);
    expect((await ask("GET", basic("x"))).status).toBe(401);
    expect((await ask("DELETE", {})).status).toBe(401);
  });

  const pause = (headers: Record<string, string>) =>
    fetch(`${api.url}/admin/queues/api/queues/csv-count/pause`, { method: "PUT", headers });

  it("changes queues where that is allowed, for admins, and is audited", async () => {
    await api.close();
    await start(true);
    expect((await queues()).every(({ readOnlyMode }) => !readOnlyMode)).toBe(true);
    const session = await signedInWith(api, "s3:cret");
    expect((await pause({ ...through, ...session })).status).toBe(200);
    const noted = () => audited(api, "changeBoard", bearer("s3:cret"));
    const [action] = await waitFor(async () => {
      const actions = await noted();
      return actions.length > 0 ? actions : undefined;
    });
    const path = "/admin/queues/api/queues/csv-count/pause";
    expect(action).toMatchObject({ tenant: "ops", key_id: expect.stringMatching(/^env:/), target: path });
    expect((await pause({ ...through, ...bearer("tenant") })).status).toBe(403);
    expect((await pause({ ...through, ...session, origin: "https://evil.example" })).status).toBe(403);
    expect((await pause(through)).status).toBe(401);
    const nowhere = `${api.url}/admin/queues/api/queues/none/pause`;
    expect((await fetch(nowhere, { method: "PUT" })).status).toBe(404);
    expect(await noted()).toHaveLength(1);
  });
});
