import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  assertUntouched,
  type Bytes,
  codeOf,
  END,
  exchange,
  FORM,
  type Footprint,
  field,
  file,
  joined,
  named,
  part,
  request,
  startTarget,
  upload,
} from "../src/hostile-exchange.js";
import type { System } from "../src/system.js";

const MAX_UPLOAD = 1 << 20;
const JOBS = "/api/processors/digest/jobs";
const JOB = "/api/jobs/12345678-1234-1234-1234-123456789abc";
const JSON_TYPE = "Content-Type: application/json";

const GOOD = joined(file(), END);
const times = (count: number, make: (index: number) => Bytes) =>
  Array.from({ length: count }, (_, i) => make(i));
const nested = (depth: number) => '{"a":'.repeat(depth) + 1 + "}".repeat(depth);
const submit = (headers: string[], body: Bytes) => request("POST", JOBS, { headers, body });
const post = (path: string, body: string) => request("POST", path, { headers: [JSON_TYPE], body });

let system: System;
let before: Footprint;
beforeAll(async () => {
  const env = { DROVER_MAX_UPLOAD_BYTES: String(MAX_UPLOAD) };
  ({ system, before } = await startTarget(env));
});
afterAll(async () => {
  expect(system.apis[0]?.log).not.toMatch(/"level":"error"/);
  await system.stop();
});

type Case = readonly [what: string, bytes: Bytes, status: number, code: string];

const FORMS: readonly Case[] = [
  ["no part at all", upload(END), 400, "file_missing"],
  ["nothing", upload(), 400, "invalid_request"],
  ["no form", upload("a,b\n1,2\n"), 400, "invalid_request"],
  ["NUL bytes", upload(Buffer.alloc(5_000)), 400, "invalid_request"],
  ["a file that breaks off", upload(file().subarray(0, -4)), 400, "invalid_request"],
  ["a form without its end", upload(file()), 400, "invalid_request"],
  [
    "another boundary",
    upload(file().toString().replaceAll("xXBoundaryXx", "other"), "--other--"),
    400,
    "invalid_request",
  ],
  ["no boundary", submit(["Content-Type: multipart/form-data"], "x"), 400, "file_missing"],
  ["an empty boundary", submit(["Content-Type: multipart/form-data; boundary="], "x"), 400, "file_missing"],
  ["multipart/mixed", submit([FORM.replace("form-data", "mixed")], GOOD), 400, "file_missing"],
  ["no content type", request("POST", JOBS, { body: GOOD }), 400, "file_missing"],
  ["a form that is said to be gzip", submit([FORM, "Content-Encoding: gzip"], GOOD), 400, "invalid_request"],
  ["a part without a name", upload(named('filename="a.csv"'), END), 400, "invalid_request"],
  ["a part without headers", upload(file(), part(""), END), 400, "invalid_request"],
  ["an empty name", upload(file(), field("", "x"), END), 400, "invalid_request"],
  ["the file twice", upload(file(), file(), END), 400, "invalid_request"],
  [
    "the file under another name",
    upload(named('name="upload"; filename="a.csv"'), END),
    400,
    "invalid_request",
  ],
  ["the file as a field", upload(field("file", "a,b"), END), 400, "file_missing"],
  ["an empty file", upload(file(""), END), 400, "file_empty"],
  [
    "a form in a form",
    upload(
      part(
        'Content-Disposition: form-data; name="file"\r\nContent-Type: multipart/mixed; boundary=in',
        "--in\r\n\r\nx\r\n--in--",
      ),
      END,
    ),
    400,
    "file_missing",
  ],
  ["a file that is too large", upload(file(Buffer.alloc(MAX_UPLOAD + 1)), END), 413, "file_too_large"],
  ["a file that is far too large", upload(file(Buffer.alloc(8 * MAX_UPLOAD)), END), 413, "file_too_large"],
  ["1,000 fields", upload(file(), ...times(1_000, (i) => field(`f${i}`, "x")), END), 400, "invalid_request"],
  ["1,000 empty parts", upload(...times(1_000, () => part("")), END), 400, "invalid_request"],
  ["a field's name of 4 KB", upload(file(), field("n".repeat(4_096), "x"), END), 400, "invalid_request"],
  ["a field of 1 MB", upload(file(), field("params", "x".repeat(1 << 20)), END), 400, "invalid_request"],
  [
    "headers of a part of 100 KB",
    upload(
      part(`Content-Disposition: form-data; name="file"; filename="a"\r\nX: ${"x".repeat(100_000)}`),
      END,
    ),
    400,
    "invalid_request",
  ],
  ["an unknown field", upload(file(), field("colour", "red"), END), 400, "invalid_request"],
  [
    "a field twice",
    upload(file(), field("params", "{}"), field("params", "{}"), END),
    400,
    "invalid_request",
  ],
  ["a field __proto__", upload(file(), field("__proto__", "x"), END), 400, "invalid_request"],
  ["a field constructor", upload(file(), field("constructor", "x"), END), 400, "invalid_request"],
  ["a field __proto__[a]", upload(file(), field("__proto__[a]", "x"), END), 400, "invalid_request"],
  [
    "params with __proto__",
    upload(file(), field("params", '{"__proto__":{"ms":1}}'), END),
    400,
    "invalid_request",
  ],
  [
    "params with constructor",
    upload(file(), field("params", '{"ms":{"constructor":{"prototype":{}}}}'), END),
    422,
    "invalid_params",
  ],
  ["params 33 levels deep", upload(file(), field("params", nested(33)), END), 400, "invalid_request"],
  ["params 2,500 levels deep", upload(file(), field("params", nested(2_500)), END), 400, "invalid_request"],
  ["tags with __proto__", upload(file(), field("tags", '{"__proto__":"x"}'), END), 400, "invalid_request"],
  [
    "a tag's name with a line break",
    upload(file(), field("tags", '{"a\\r\\nb":"x"}'), END),
    400,
    "invalid_request",
  ],
  [
    "a webhook to this machine",
    upload(
      file(),
      field("webhook", '{"url":"https://127.0.0.1/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}'),
      END,
    ),
    400,
    "invalid_request",
  ],
  [
    "an Idempotency-Key of 4 KB",
    submit([FORM, `Idempotency-Key: ${"k".repeat(4_096)}`], GOOD),
    400,
    "invalid_request",
  ],
];

const OTHERS: readonly Case[] = [
  ["JSON that is none", post("/api/webhooks", "{"), 400, "invalid_request"],
  [
    "JSON of 17 KB",
    post("/api/webhooks", JSON.stringify({ url: "x".repeat(17_000) })),
    413,
    "body_too_large",
  ],
  ["JSON 5,000 levels deep", post("/api/webhooks", nested(2_600)), 400, "invalid_request"],
  [
    "JSON with __proto__",
    post("/api/webhooks", '{"__proto__":{"url":"https://example.com/"}}'),
    400,
    "invalid_request",
  ],
  ["an unknown member", post(`${JOB}/retry`, '{"priority":100}'), 400, "invalid_request"],
  [
    "XML",
    request("POST", "/api/webhooks", { headers: ["Content-Type: text/xml"], body: "<!DOCTYPE a>" }),
    400,
    "invalid_request",
  ],
  ["an unknown query", request("GET", "/api/jobs?limt=5"), 400, "invalid_request"],
  ["a query's __proto__", request("GET", "/api/jobs?__proto__=1"), 400, "invalid_request"],
  ["a tag __proto__", request("GET", "/api/jobs?tag.__proto__=1"), 400, "invalid_request"],
  [
    "5,000 members of a query",
    request(
      "GET",
      `/api/jobs?${times(5_000, (i) => i.toString(36))
        .join("&")
        .slice(0, 15_000)}`,
    ),
    400,
    "invalid_request",
  ],
  ["a NUL in a query", request("GET", "/api/jobs?q=%00"), 400, "invalid_request"],
  ["a query on a route without one", request("POST", `${JOB}/cancel?force=1`), 400, "invalid_request"],
  ["an id that is none", request("GET", "/api/jobs/..%2f..%2fetc%2fpasswd"), 400, "invalid_job_id"],
  ["an id of 4 KB", request("GET", `/api/jobs/${"a".repeat(4_096)}`), 400, "invalid_job_id"],
  ["a path that leaves", request("GET", "/docs/..%2f..%2f..%2f..%2fetc%2fpasswd/x"), 404, "route_not_found"],
  ["a broken percent-encoding", request("GET", "/api/jobs/%E0%A4%A"), 400, "invalid_request"],
  ["a processor __proto__", request("GET", "/api/processors/__proto__"), 404, "processor_not_found"],
  [
    "an artifact that leaves",
    request("GET", `${JOB}/artifacts/..%2f..%2fmanifest.json`),
    404,
    "job_not_found",
  ],
  ["TRACE", request("TRACE", "/livez"), 405, "method_not_allowed"],
  [
    "another name in Host",
    request("GET", "/livez").toString().replace("localhost", "evil.example"),
    403,
    "forbidden",
  ],
  ["a page of another origin", submit([FORM, "Origin: https://evil.example"], GOOD), 403, "forbidden"],
  [
    "101 headers",
    request("GET", "/livez", { headers: times(101, (i) => `X-${i}: y`) as string[] }),
    431,
    "headers_too_large",
  ],
  [
    "a header of 17 KB",
    request("GET", "/livez", { headers: [`X: ${"x".repeat(17_000)}`] }),
    431,
    "headers_too_large",
  ],
];

describe("is refused, leaves no file and no descriptor, and the api goes on:", () => {
  it.each([...FORMS, ...OTHERS])("%s", async (_what, bytes, status, code) => {
    const answers = await exchange(system, bytes);
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual([[status, code]]);
    expect(answers[0]?.head).toContain("x-content-type-options: nosniff");
    await assertUntouched(system, before);
  });
});
