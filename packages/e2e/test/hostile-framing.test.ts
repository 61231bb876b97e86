import { connect } from "node:net";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertUntouched, codeOf, exchange, type Footprint, startTarget } from "../src/hostile-exchange.js";
import type { System } from "../src/system.js";

let system: System;
let before: Footprint;
beforeAll(async () => {
  ({ system, before } = await startTarget());
});
afterAll(async () => {
  expect(system.apis[0]?.log).not.toMatch(/"level":"error"/);
  await system.stop();
});

const HOST = "Host: localhost\r\n";
/** What must never be answered: it is in a body, and a server that lost its place takes it for a request. */
const HIDDEN = `GET /api/hidden HTTP/1.1\r\n${HOST}\r\n`;
const POST = `POST /api/webhooks HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const UPLOAD = `POST /api/processors/digest/jobs HTTP/1.1\r\n${HOST}Content-Type: multipart/form-data; boundary=b\r\n`;
const LAST = `GET /livez HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

describe("a request whose end is in doubt is refused, and nothing behind it is read:", () => {
  it.each([
    [
      "a length beside chunks",
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
    ],
    [
      "chunks beside a length",
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${HIDDEN}`,
    ],
    ["two lengths", `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${HIDDEN}`],
    ["the same length twice", `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello${HIDDEN}`],
    ["a list of lengths", `${POST}Content-Length: 5, 5\r\n\r\nhello${HIDDEN}`],
    ["a length with a sign", `${POST}Content-Length: +5\r\n\r\nhello${HIDDEN}`],
    ["a length below zero", `${POST}Content-Length: -5\r\n\r\nhello${HIDDEN}`],
    ["a length in hexadecimal", `${POST}Content-Length: 0x5\r\n\r\nhello${HIDDEN}`],
    ["a length of 23 digits", `${POST}Content-Length: 99999999999999999999999\r\n\r\nhello`],
    ["a folded line", `GET /livez HTTP/1.1\r\n${HOST}X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n${HIDDEN}`],
    ["a folded coding", `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
    ["a blank before the colon", `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
    ["lines that end in LF", `GET /livez HTTP/1.1\nHost: localhost\n\n${HIDDEN}`],
    ["one line that ends in LF", `GET /livez HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n${HIDDEN}`],
    ["a line that ends in CR", `GET /livez HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n${HIDDEN}`],
    ["an unknown coding", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
    [
      "chunks that are not the last coding",
      `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
    ],
    ["a coding beside chunks", `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
    ["a chunk's size that is none", `${CHUNKED}zz\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ["a chunk's size below zero", `${CHUNKED}-1\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ["a chunk's size of 21 digits", `${CHUNKED}fffffffffffffffffffff\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ["a chunk that is longer than it says", `${CHUNKED}1\r\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ["a chunk's size that ends in LF", `${CHUNKED}2\n{}\n0\n\n${HIDDEN}`],
    ["a chunk's extension that ends in LF", `${CHUNKED}2;a\n{}\r\n0\r\n\r\n${HIDDEN}`],
    ["a NUL in a header", `GET /livez HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n${HIDDEN}`],
    ["a method that is none", `G\0T /livez HTTP/1.1\r\n${HOST}\r\n${HIDDEN}`],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["two Hosts", `${POST}Host: evil.example\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
    [
      "a broken head behind a good request",
      `GET /livez HTTP/1.1\r\n${HOST}\r\nGET /livez\0 HTTP/1.1\r\n\r\n${HIDDEN}`,
    ],
  ])("%s", async (_what, text) => {
    const answers = await exchange(system, text);
    const last = answers.at(-1);
    expect(answers.length).toBeLessThan(3);
    expect([last?.status, last === undefined ? "" : codeOf(last)]).toEqual([400, "invalid_request"]);
    expect(last?.head).toContain("connection: close");
    for (const { body } of answers) expect(body).not.toContain("hidden");
    await assertUntouched(system, before);
  });

  it("16 KiB of a chunk's extension", async () => {
    const [answer] = await exchange(system, `${CHUNKED}2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n${HIDDEN}`);
    expect([answer?.status, answer && codeOf(answer)]).toEqual([413, "body_too_large"]);
    await assertUntouched(system, before);
  });
});

describe("the body of a request is never read as the next one:", () => {
  const body = (head: string) => `${head}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`;
  it.each<[string, string, number[]]>([
    // No worker has moodle-log here.
    ["a refused upload", body(`POST /api/upload HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\n`), [404]],
    ["an upload that is no form", body(UPLOAD), [400]],
    ["JSON that is none", body(POST), [400, 200]],
    [
      "a route without a body",
      body(`POST /api/jobs/12345678-1234-1234-1234-123456789abc/cancel HTTP/1.1\r\n${HOST}`),
      [404],
    ],
    ["a GET", body(`GET /livez HTTP/1.1\r\n${HOST}`), [200, 200]],
    ["nothing there", body(`POST /api/nothing HTTP/1.1\r\n${HOST}`), [404]],
    ["another origin", body(`POST /api/webhooks HTTP/1.1\r\n${HOST}Origin: https://evil.example\r\n`), [403]],
    ["chunks", `${CHUNKED}${HIDDEN.length.toString(16)};a=b\r\n${HIDDEN}\r\n0\r\nX: y\r\n\r\n`, [400, 200]],
  ])("%s", async (_what, text, statuses) => {
    const answers = await exchange(system, `${text}${LAST}`);
    // One that is refused before its body came in whole is the last on its connection.
    const seen = answers.map(({ status }) => status);
    expect([statuses, [statuses[0], 200], [statuses[0]]]).toContainEqual(seen);
    for (const { body: said } of answers) expect(said).not.toContain("hidden");
    await assertUntouched(system, before);
  });
});

describe("what breaks off leaves nothing:", () => {
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';
  it.each(["end", "destroy"] as const)("100 uploads, by %s", async (then) => {
    const text = `${UPLOAD}Content-Length: 900000\r\n\r\n${part}${"x".repeat(20_000)}`;
    await Promise.all(Array.from({ length: 100 }, () => exchange(system, text, { then })));
    await assertUntouched(system, before);
  });

  it("a JSON body and a head", async () => {
    for (const text of [`${POST}Content-Length: 100\r\n\r\n{`, POST, "GET /liv", ""]) {
      for (const then of ["end", "destroy"] as const) await exchange(system, text, { then });
    }
    await assertUntouched(system, before);
  });

  it("300 connections with half a head each keep nobody from being served", async () => {
    const { port } = new URL(system.url());
    const slow = Array.from({ length: 300 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
    for (const socket of slow) socket.write(`GET /livez HTTP/1.1\r\n${HOST}X-Slow: `);
    await waitFor(() => slow.every((socket) => socket.bytesWritten > 0));
    const [answer] = await exchange(system, LAST);
    expect(answer?.status).toBe(200);
    for (const socket of slow) socket.destroy();
    await assertUntouched(system, before);
  });
});
