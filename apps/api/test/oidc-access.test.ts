import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLog } from "@drover/testkit";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OidcIssuer } from "../src/access/oidc.js";
import { sendKey } from "./browser-steps.js";
import { json, submit } from "./job-steps.js";
import { bearer, startKeyedApi } from "./keyed-api.js";
import type { TestApi } from "./test-api.js";

const AUDIENCE = "drover";

/** An issuer with one key, as OpenID Connect discovery finds it; counts what is asked. */
class Issuer {
  readonly asked: string[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #pair: Awaited<ReturnType<typeof generateKeyPair>>;

  private constructor(server: Server, pair: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.#server = server;
    this.#pair = pair;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", async (request, response) => {
      this.asked.push(request.url ?? "");
      const answer = request.url?.startsWith("/.well-known")
        ? { issuer: this.url, jwks_uri: `${this.url}/keys` }
        : { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256", use: "sig" }] };
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Issuer(server, await generateKeyPair("RS256", { extractable: true }));
  }

  token(claims: Readonly<Record<string, unknown>> = {}, pair = this.#pair): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const all = {
      iss: this.url,
      aud: AUDIENCE,
      sub: "ann",
      exp: now + 60,
      tenant: "acme",
      scope: "read openid",
      ...claims,
    };
    return new SignJWT(all as JWTPayload)
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .sign(pair.privateKey);
  }

  /** The public key as text, which an attacker has too. */
  publicText(): Promise<string> {
    return exportSPKI(this.#pair.publicKey);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

let issuer: Issuer;
let api: TestApi;
beforeAll(async () => {
  issuer = await Issuer.start();
});
afterAll(() => issuer.stop());
beforeEach(async () => {
  const claims = { tenantClaim: "tenant", scopesClaim: "scope" };
  const oidc = new OidcIssuer({ issuer: issuer.url, audience: AUDIENCE, ...claims, log: silentLog });
  api = await startKeyedApi({ oidc });
});
afterEach(() => api.close());

const list = (token: string) => fetch(`${api.url}/api/jobs`, { headers: bearer(token) });

describe("a JWT of the issuer that is trusted", () => {
  it("says the tenant and the scopes, and its issuer is asked for its keys once", async () => {
    expect((await fetch(`${api.url}/api/jobs`)).status).toBe(401);
    issuer.asked.length = 0;
    for (let i = 0; i < 3; i++) expect((await list(await issuer.token())).status).toBe(200);
    expect(issuer.asked).toEqual(["/.well-known/openid-configuration", "/keys"]);
    const reader = await issuer.token();
    expect((await submit(api, undefined, bearer(reader))).status).toBe(403);
    const line = api.lines.find(({ fields }) => fields["tenant"] === "acme");
    expect(line?.fields["key_id"]).toMatch(/^oidc:[0-9a-f]{12}$/);
    const submitter = await issuer.token({ scope: ["drover:submit", "x"] });
    expect((await submit(api, undefined, bearer(submitter))).status).toBe(202);
    expect((await list(submitter)).status).toBe(403);
  });

  it("begins no session, which would outlive it", async () => {
    const response = await sendKey(api, { key: await issuer.token() });
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["has expired", { exp: 1_000 }, /expired/],
    ["never expires", { exp: undefined }, /"exp"/],
    ["is for another audience", { aud: "other" }, /"aud"/],
    ["is of another issuer", { iss: "https://evil.example" }, /"iss"/],
    ["is not valid yet", { nbf: 32_503_680_000 }, /"nbf"/],
    ["names no tenant", { tenant: undefined }, /"tenant"/],
    ["names a tenant of no shape", { tenant: "../Acme" }, /"tenant"/],
    ["names a list of tenants", { tenant: ["acme"] }, /"tenant"/],
  ])("is refused when it %s", async (_, claims, detail) => {
    const response = await list(await issuer.token(claims));
    expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(await json(response)).toMatchObject({ status: 401, detail: expect.stringMatching(detail) });
  });

  it("is refused when another key signed it, none did, or the public key as a secret", async () => {
    const [header, payload] = (await issuer.token({ scope: "admin" })).split(".") as [string, string];
    const stranger = await issuer.token({}, await generateKeyPair("RS256"));
    const unsigned = `${part({ alg: "none" })}.${payload}.`;
    const head = `${part({ alg: "HS256", kid: "k1" })}.${payload}`;
    const mac = createHmac("sha256", await issuer.publicText())
      .update(head)
      .digest("base64url");
    const changed = `${header}.${part({ scope: "admin" })}.${"A".repeat(342)}`;
    for (const token of [stranger, unsigned, `${head}.${mac}`, changed, `${header}.${payload}.`])
      expect(await json(list(token))).toMatchObject({ status: 401, code: "unauthorized" });
  });
});

it("a JWT is 503 while its issuer cannot be asked, and taken once it can", async () => {
  const claims = { tenantClaim: "tenant", scopesClaim: "scope" };
  const away = new OidcIssuer({
    issuer: "http://127.0.0.1:1",
    audience: AUDIENCE,
    ...claims,
    log: silentLog,
  });
  await expect(away.callerOf(await issuer.token())).rejects.toMatchObject({ code: "issuer_unavailable" });
  const other = new OidcIssuer({ issuer: `${issuer.url}/`, audience: AUDIENCE, ...claims, log: silentLog });
  await expect(other.callerOf(await issuer.token())).rejects.toMatchObject({ code: "issuer_unavailable" });
});
