import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

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
    ["garbage", "GARBAGE\r\n\r\n", "not a well-formed HTTP request"],
    [
      "a path of 20,000 characters",
      `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      "larger than 16 KiB",
    ],
    [
      "a length beside chunks",
      "POST /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "not a well-formed HTTP request",
    ],
  ])("is answered by a problem document: %s", async (_what, text, detail) => {
    const [head = "", body = ""] = (await exchange(text)).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(head).toContain("Content-Type: application/problem+json");
    expect(head).toContain(`Content-Length: ${body.length}`);
    const problem = JSON.parse(body) as Record<string, unknown>;
    expect(problem).toMatchObject({ code: "invalid_request", detail: expect.stringContaining(detail) });
    expect(head).toContain(`X-Request-Id: ${problem["request_id"]}`);
  });
});

it("an expectation that nobody knows is passed over", async () => {
  const answer = await exchange(
    "GET /livez HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\nConnection: close\r\n\r\n",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
