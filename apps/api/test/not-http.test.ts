import { connect } from "node:net";
import { waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { listen } from "../src/server.js";
import { open } from "./form-bytes.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
const start = async () => {
  api = await startApi();
};
afterEach(() => api?.close());

/** Everything that the server sends until it closes the connection. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

describe("what is no HTTP request", () => {
  it.each([
    ["garbage", "GARBAGE\r\n\r\n", 400, "invalid_request", "not a well-formed HTTP request"],
    [
      "a path of 20,000 characters",
      `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      431,
      "headers_too_large",
      "larger than 16 KiB",
    ],
    [
      "a length beside chunks",
      "POST /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "invalid_request",
      "not a well-formed HTTP request",
    ],
  ])("is answered by a problem document: %s", async (_what, text, status, code, detail) => {
    await start();
    const [head = "", body = ""] = (await exchange(text)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain("Content-Type: application/problem+json");
    expect(head).toContain(`Content-Length: ${body.length}`);
    const problem = JSON.parse(body) as Record<string, unknown>;
    expect(problem).toMatchObject({ code, status, detail: expect.stringContaining(detail) });
    expect(head).toContain(`X-Request-Id: ${problem["request_id"]}`);
  });
});

describe("a request that two servers could read in two ways", () => {
  it.each([
    ["two Hosts", "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400],
    ["no Host", "GET /livez HTTP/1.1\r\n", 400],
    ["a target of another Host", "GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n", 400],
    ["a target that is no URL", "GET http://user:key@[bad/livez HTTP/1.1\r\nHost: localhost\r\n", 400],
    ["a password in its target", "GET http://u:key@localhost/livez HTTP/1.1\r\nHost: localhost\r\n", 400],
    [
      "a coding beside chunked",
      "POST /api/webhooks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n",
      400,
    ],
    ["101 headers", `GET /livez HTTP/1.1\r\nHost: localhost\r\n${"A: b\r\n".repeat(99)}`, 431],
    ["99 headers and one Host", `GET /livez HTTP/1.1\r\nHost: localhost\r\n${"A: b\r\n".repeat(98)}`, 200],
    ["its target as a URL", "GET http://localhost/livez HTTP/1.1\r\nHost: LOCALHOST\r\n", 200],
    ["no Host, as HTTP/1.0 may", "GET /livez HTTP/1.0\r\n", 200],
  ])("%s", async (_what, head, status) => {
    await start();
    const body = head.includes("chunked") ? "0\r\n\r\n" : "";
    const answer = await exchange(`${head}Connection: close\r\n\r\n${body}`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status !== 200) expect(answer).toContain("application/problem+json");
    expect(JSON.stringify(api.lines)).not.toContain("key@");
  });
});

it("an expectation that nobody knows is passed over", async () => {
  await start();
  const answer = await exchange(
    "GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\nConnection: close\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

describe("a connection whose client takes its time", () => {
  const listenQuickly = async (options: { headersTimeoutMs?: number; unreadBodyMs?: number }) => {
    const server = await listen((_request, response) => response.end("answer"), {
      ...{ host: "127.0.0.1", port: 0 },
      ...options,
    });
    return { ...open(server), end: () => server.drain(0) };
  };

  it.each([
    ["with its headers", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "],
    ["and sends nothing at all", ""],
  ])("%s is closed with a 408", async (_how, text) => {
    const { socket, answer, closed, end } = await listenQuickly({ headersTimeoutMs: 200 });
    socket.write(text);
    const drip = setInterval(() => text !== "" && socket.write("x"), 50);
    await closed;
    clearInterval(drip);
    expect(answer()).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
    expect(answer()).toContain('"code":"request_timeout"');
    await end();
  });

  it("with a body that nobody reads is closed some time after its answer", async () => {
    const { socket, answer, closed, end } = await listenQuickly({ unreadBodyMs: 200 });
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n");
    const drip = setInterval(() => socket.write("x"), 50);
    await waitFor(() => answer().includes("answer"));
    await closed;
    clearInterval(drip);
    await end();
  });

  it("with such a body that comes to its end is kept", async () => {
    const { socket, answer, end } = await listenQuickly({ unreadBodyMs: 300 });
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n");
    await waitFor(() => answer().includes("answer"));
    socket.write("x");
    await new Promise((resolve) => setTimeout(resolve, 600)); // nothing is to happen in it
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await waitFor(() => answer().split("answer").length === 3);
    socket.destroy();
    await end();
  });
});
