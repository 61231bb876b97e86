import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { adminKeyOf } from "../src/access/key-holders.js";
import { signedInWith } from "./browser-steps.js";
import { bearer, type KeyedApiOptions, madeKey, startKeyedApi } from "./keyed-api.js";
import type { TestApi } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());

const start = async (options: KeyedApiOptions) => {
  api = await startKeyedApi({
    ...{ reach: { boundTo: "0.0.0.0", hosts: [], corsOrigins: [] } },
    ...{ metrics: { registry: { text: async () => "", contentType: "text/plain" } } },
    ...options,
  });
};

/** How a scrape is answered that is sent to the host's name. */
async function scrape(host: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const sent = request(`${api.url}/metrics`, { headers: { host, ...headers } }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

/** From this machine. */
const HERE = "localhost:8000";
/** A name by which other hosts reach it. */
const ELSEWHERE = "api:8000";
const THROUGH_PROXY = { "x-forwarded-for": "203.0.113.9" };

describe("the metrics of an api are shown", () => {
  it("on this machine to everybody, and elsewhere to who has the admin key", async () => {
    await start({ environment: adminKeyOf("secret") });
    expect(await scrape(HERE)).toBe(200);
    for (const [host, headers] of [
      [ELSEWHERE, {}],
      [HERE, THROUGH_PROXY],
    ] as const) {
      expect(await scrape(host, headers)).toBe(401);
      expect(await scrape(host, { ...headers, ...bearer("wrong") })).toBe(401);
      expect(await scrape(host, { ...headers, ...bearer("secret") })).toBe(200);
    }
  });

  it("elsewhere to everybody while there are no keys, until the first one is made", async () => {
    await start({ openness: "insecure" });
    expect(await scrape(ELSEWHERE)).toBe(200);
    const { key } = await madeKey(api, { tenant: "ops", scopes: ["admin"] });
    const { key: reader } = await madeKey(api, { tenant: "acme", scopes: ["read"] }, bearer(key));
    expect(await scrape(ELSEWHERE)).toBe(401);
    expect(await scrape(ELSEWHERE, bearer(reader))).toBe(403);
    expect(await scrape(ELSEWHERE, bearer(key))).toBe(200);
    expect(await scrape(ELSEWHERE, await signedInWith(api, key))).toBe(200);
  });

  it("through a proxy to nobody without a key, also while there is none", async () => {
    await start({ openness: "insecure" });
    expect(await scrape(ELSEWHERE, THROUGH_PROXY)).toBe(401);
    expect(await scrape(HERE, { forwarded: "for=203.0.113.9" })).toBe(401);
    expect((await fetch(`${api.url}/metrics`, { method: "POST" })).status).toBe(405);
  });
});
