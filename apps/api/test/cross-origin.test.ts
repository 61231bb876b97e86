import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { Reach } from "../src/access/cross-origin.js";
import { submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

const PAGE = "http://localhost:5173";
let api: TestApi;
afterEach(() => api.close());
const start = async (reach: Partial<Reach> = {}) => {
  api = await startApi({ reach: { boundTo: "127.0.0.1", hosts: [], corsOrigins: [], ...reach } });
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** By `node:http`, which lets a test say any `Host`. */
async function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sent = request(`${api.url}${path}`, { method, headers }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

describe("a server bound to loopback", () => {
  it.each(["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000"])(
    "is spoken to as %s",
    async (host) => {
      await start();
      expect((await send("GET", "/livez", { host })).status).toBe(200);
    },
  );

  it.each([
    "attacker.example",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example:8000",
    "10.0.0.1",
    "api",
    "[::1].example",
  ])("is not spoken to as «%s», whatever is asked", async (host) => {
    await start();
    for (const [method, path] of [
      ["GET", "/api/jobs"],
      ["GET", "/livez"],
      ["POST", "/api/upload"],
      ["OPTIONS", "/api/jobs"],
    ] as const) {
      const { status, body } = await send(method, path, { host });
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({
        code: "forbidden",
        detail: expect.stringContaining("DROVER_HOSTS"),
      });
    }
  });

  it("is spoken to by the names of DROVER_HOSTS, on any port, and by no others", async () => {
    await start({ hosts: ["Drover.example.org"] });
    expect((await send("GET", "/livez", { host: "drover.example.org:8443" })).status).toBe(200);
    expect((await send("GET", "/livez", { host: "x.drover.example.org" })).status).toBe(403);
    await api.close();
    await start({ hosts: ["*"] });
    expect((await send("GET", "/livez", { host: "any.example" })).status).toBe(200);
  });
});

describe("a server bound to every address", () => {
  it.each(["10.1.2.3:8000", "[fd00::1]:8000", "localhost", "api:8000", hostname()])(
    "is spoken to as %s",
    async (host) => {
      await start({ boundTo: "0.0.0.0" });
      expect((await send("GET", "/readyz", { host })).status).toBe(200);
    },
  );

  it.each(["attacker.example", "10.1.2.3.attacker.example", "drover.example.org"])(
    "is not spoken to as %s",
    async (host) => {
      await start({ boundTo: "0.0.0.0" });
      expect((await send("GET", "/readyz", { host })).status).toBe(403);
    },
  );
});

describe("what changes something", () => {
  const cancel = (headers: Readonly<Record<string, string>>) =>
    send("POST", "/api/jobs/none/cancel", headers);
  const own = () => ({ host: new URL(api.url).host });

  it.each([
    [{ origin: "https://attacker.example" }],
    [{ origin: "http://localhost:5173" }],
    [{ origin: "null" }],
    [{ origin: "https://" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
    [{ origin: "https://attacker.example", "sec-fetch-site": "cross-site" }],
    [{ origin: "chrome-extension://attacker", "sec-fetch-site": "none" }],
  ])("is refused to a page of another origin: %j", async (headers) => {
    await start();
    for (const [method, path] of [
      ["POST", "/api/processors/csv-count/jobs"],
      ["POST", "/api/jobs/none/cancel"],
      ["POST", "/api/jobs/none/retry"],
      ["DELETE", "/api/jobs/none"],
      ["POST", "/api/upload"],
      ["PUT", "/nowhere"],
    ] as const) {
      const { status, body, headers: answered } = await send(method, path, headers as Record<string, string>);
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({ detail: expect.stringContaining("DROVER_CORS_ORIGINS") });
      expect(answered["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("is open to whoever is no browser, and to pages of the server's own", async () => {
    await start({ hosts: ["drover.example.org"] });
    const open: Record<string, string>[] = [
      {},
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "same-origin", origin: "https://public.example" }, // a proxy put a Host of its own
      { origin: `http://${own().host}` },
      { origin: `https://${own().host}` },
      { host: "drover.example.org:443", origin: "https://drover.example.org" },
    ];
    for (const headers of open) expect((await cancel(headers)).status).toBe(400);
    expect(
      (await cancel({ host: "drover.example.org:8443", origin: "https://drover.example.org" })).status,
    ).toBe(403);
  });
});

describe("a listed origin", () => {
  const listed = { origin: PAGE, "sec-fetch-site": "same-site" };

  it("may call and read, refusals too, and learns the headers that the contract names", async () => {
    await start({ corsOrigins: ["https://app.example", "HTTP://localhost:5173"] });
    const { job_id } = await submitted(api);
    const answers = [
      await send("GET", `/api/jobs/${job_id}`, listed),
      await send("POST", `/api/jobs/${job_id}/cancel`, listed),
      await send("DELETE", "/api/jobs/none", listed),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    for (const { headers } of answers) {
      expect(headers["access-control-allow-origin"]).toBe(PAGE);
      expect(headers.vary).toContain("Origin");
      const exposed = headers["access-control-expose-headers"]?.split(", ");
      expect(exposed).toEqual(
        expect.arrayContaining(["Location", "Retry-After", "ETag", "X-Request-Id", "Content-Disposition"]),
      );
      expect(headers["access-control-allow-credentials"]).toBeUndefined();
    }
  });

  it("has its preflights answered, also where the path has no such method", async () => {
    await start({ corsOrigins: [PAGE] });
    for (const path of ["/api/jobs/none", "/api/processors/csv-count/jobs", "/nowhere"]) {
      const { status, headers } = await send("OPTIONS", path, {
        ...listed,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "idempotency-key",
      });
      expect(status).toBe(204);
      expect(headers["access-control-allow-methods"]).toContain("DELETE");
      expect(headers["access-control-allow-headers"]).toMatch(/Content-Type.*Idempotency-Key.*Range/);
      expect(headers["access-control-max-age"]).toBe("7200");
    }
  });

  it.each([
    "http://localhost:5174",
    "https://localhost:5173",
    "http://localhost:5173.attacker.example",
    "null",
  ])("is not %s", async (origin) => {
    await start({ corsOrigins: [PAGE] });
    const read = await send("GET", "/api/jobs", { origin });
    expect(read.headers["access-control-allow-origin"]).toBeUndefined();
    expect(read.headers.vary).toContain("Origin"); // a cache must not hand this answer to the listed one
    const preflight = await send("OPTIONS", "/api/jobs", { origin, "access-control-request-method": "POST" });
    expect(preflight.headers["access-control-allow-methods"]).toBeUndefined();
    expect((await send("DELETE", "/api/jobs/none", { origin })).status).toBe(403);
  });

  it("must still call the server by one of its names", async () => {
    await start({ corsOrigins: [PAGE] });
    expect((await send("GET", "/api/jobs", { ...listed, host: "attacker.example" })).status).toBe(403);
  });
});
