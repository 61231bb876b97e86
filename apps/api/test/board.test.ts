import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { type BullQueue, connectQueue } from "@drover/queue";
import { type TestRedis, testRedis } from "@drover/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { admits } from "../src/access/admin-access.js";
import { json, submitted } from "./job-steps.js";
import { CSV, startApi, type TestApi } from "./test-api.js";

describe("the operators' board admits", () => {
  const request = (headers: Record<string, string>, remoteAddress = "127.0.0.1") => ({
    remoteAddress,
    headers: { host: "127.0.0.1:8000", ...headers },
  });
  const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;

  it.each([
    [{}, "127.0.0.1"],
    [{ host: "localhost" }, "127.0.0.1"],
    [{ host: "[::1]:8000" }, "::1"],
    [{ host: "localhost:8000" }, "::ffff:127.0.0.1"],
  ])("this machine (%j from %s)", (headers, address) => {
    expect(admits(request(headers, address), undefined)).toBe("allowed");
    expect(admits(request(headers, address), "key")).toBe("allowed");
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
  ])("nobody else without a key (%j from %s)", (headers, address) => {
    expect(admits(request(headers, address), undefined)).toBe("forbidden");
    expect(admits(request(headers, address), "key")).toBe("unauthorized");
  });

  it("who has the key, as Bearer or as the password of Basic", () => {
    const from = (authorization: string) => admits(request({ authorization }, "10.0.0.5"), "s3:cret");
    expect(from("Bearer s3:cret")).toBe("allowed");
    expect(from(basic("s3:cret"))).toBe("allowed");
    for (const wrong of ["Bearer x", "Bearer", basic("x"), basic(""), "s3:cret", "Digest s3:cret"]) {
      expect(from(wrong)).toBe("unauthorized");
    }
  });

  it("nobody by an empty key", () => {
    expect(admits(request({}, "10.0.0.5"), "")).toBe("unauthorized");
  });
});

describe("the operators' board", () => {
  let redis: TestRedis;
  let api: TestApi;
  let queue: BullQueue;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    queue = connectQueue({ url: redis.url, prefix: redis.prefix(), log });
    api = await startApi({
      queue,
      board: {
        adminKey: "key",
        queueOf: async (name) => new BullMQAdapter(queue.boardQueue(name), { readOnlyMode: true }),
      },
    });
  });
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
    await submitted(api);
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

  it("changes nothing, whoever asks", async () => {
    await queues();
    for (const method of ["PUT", "POST", "PATCH", "DELETE"]) {
      const response = await fetch(`${api.url}/admin/queues/api/queues/csv-count/obliterate`, {
        method,
        headers: { authorization: "Bearer key" },
      });
      expect(response.status).toBe(405);
    }
  });

  it("is 401 with a challenge through a proxy without the key, 200 with it", async () => {
    const through = { "x-forwarded-for": "10.0.0.5" };
    const response = await fetch(`${api.url}/admin/queues/`, { headers: through });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Basic");
    expect(await json(response)).toMatchObject({ code: "unauthorized" });
    expect(
      (await fetch(`${api.url}/admin/queues/`, { headers: { ...through, authorization: "Bearer key" } }))
        .status,
    ).toBe(200);
    expect((await fetch(`${api.url}/admin/queues/static/js/x.js`, { headers: through })).status).toBe(401);
  });
});
