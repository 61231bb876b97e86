import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { TrustedProxies } from "@drover/settings";
import { waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { cameOverTls, clientAddress, clientNoter } from "../src/access/client-address.js";
import { startApi, type TestApi } from "./test-api.js";

/** A request as the noter sees it. */
function requestFrom(remoteAddress: string | undefined, headers: Readonly<Record<string, string>>) {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  return request;
}

describe("the address of a client", () => {
  it.each<[string, TrustedProxies, string, string, string]>([
    ["no proxy is trusted", [], "10.0.0.1", "1.1.1.1", "10.0.0.1"],
    ["0 proxies are", 0, "10.0.0.1", "1.1.1.1", "10.0.0.1"],
    ["one proxy is, and the client forged an entry", 1, "10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"],
    ["two proxies are", 2, "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"],
    ["more are than there were", 5, "10.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["a network is", ["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"],
    ["the proxy is in none", ["10.0.0.0/8"], "9.9.9.9", "1.1.1.1", "9.9.9.9"],
    ["loopback is", ["loopback"], "127.0.0.1", "2001:db8::1", "2001:db8::1"],
    ["the connection is IPv4 on an IPv6 socket", ["10.0.0.0/8"], "::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["so is the client's", [], "::ffff:1.1.1.1", "", "1.1.1.1"],
    ["the proxy wrote no address", 1, "10.0.0.1", "unknown", "10.0.0.1"],
    ["the proxy passed on a line break", 1, "10.0.0.1", "1.1.1.1\u2028x", "10.0.0.1"],
  ])("when %s", (_when, proxies, remote, forwarded, expected) => {
    const request = requestFrom(remote, forwarded === "" ? {} : { "x-forwarded-for": forwarded });
    clientNoter(proxies)(request);
    expect(clientAddress(request)).toBe(expected);
  });

  it("is empty for a connection that has closed", () => {
    const request = requestFrom(undefined, { "x-forwarded-for": "1.1.1.1" });
    clientNoter(1)(request);
    expect([clientAddress(request), cameOverTls(request)]).toEqual(["", false]);
  });

  it.each<[TrustedProxies, string, boolean]>([
    [[], "https", false],
    [["10.0.0.0/8"], "https", true],
    [1, "HTTPS, http", true],
    [1, "http, https", false],
    [1, "", false],
    [["192.168.0.0/16"], "https", false],
  ])("with %j trusted, X-Forwarded-Proto: %s means TLS: %s", (proxies, protocol, expected) => {
    const request = requestFrom("10.0.0.1", { "x-forwarded-proto": protocol });
    clientNoter(proxies)(request);
    expect(cameOverTls(request)).toBe(expected);
  });
});

describe("an api", () => {
  let api: TestApi;
  afterEach(() => api.close());
  const headers = { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": "https", "x-request-id": "r1" };
  const lineOf = (id: string) => waitFor(() => api.lines.find(({ fields }) => fields["request_id"] === id));

  it("behind a trusted proxy logs the client, and has browsers stay with TLS", async () => {
    api = await startApi({ proxies: 1 });
    for (const path of [
      "/livez",
      "/api/nothing",
      "/docs/",
      "/api/jobs/12345678-1234-1234-1234-123456789abc",
    ]) {
      const response = await fetch(`${api.url}${path}`, { headers });
      expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000");
      await response.arrayBuffer();
    }
    expect((await lineOf("r1")).fields).toMatchObject({ client_address: "1.1.1.1" });
  });

  it("that trusts none believes neither header", async () => {
    api = await startApi();
    const response = await fetch(`${api.url}/livez`, { headers });
    expect(response.headers.get("strict-transport-security")).toBeNull();
    expect((await lineOf("r1")).fields).toMatchObject({ client_address: "127.0.0.1" });
  });

  it("over plain HTTP says nothing of TLS behind a trusted proxy either", async () => {
    api = await startApi({ proxies: ["loopback"] });
    const response = await fetch(`${api.url}/livez`, { headers: { "x-forwarded-for": "1.1.1.1" } });
    expect(response.headers.get("strict-transport-security")).toBeNull();
  });
});
