import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { submitted } from "./job-steps.js";
import { type RawAnswer, rawGet } from "./raw-get.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const UNKNOWN = "12345678-1234-1234-1234-123456789abc";

/** What must be the same, however it was served. */
function shown({ status, headers, body }: RawAnswer) {
  const { date, ...rest } = headers;
  const { request_id, timestamp, instance, path, ...members } = JSON.parse(body.toString());
  return { status, headers: { ...rest, "x-request-id": "" }, members };
}

describe.each(["/api/jobs/", "/api/job-status/", "/api/status/"])("a poll of %s", (prefix) => {
  it("is answered as Express answers the same path in another spelling", async () => {
    const { job_id } = await submitted(api);
    for (const id of [job_id, UNKNOWN, "-".repeat(36)]) {
      const polled = await rawGet(`${api.url}${prefix}${id}`);
      const routed = await rawGet(`${api.url}${prefix}${id}/`); // a trailing slash is left to Express
      const upper = await rawGet(`${api.url}${prefix}${id.toUpperCase()}`);
      const lengths = { ...shown(polled).headers, "content-length": "" };
      if (id === job_id) expect(shown(routed)).toEqual(shown(polled));
      else expect({ ...shown(routed).headers, "content-length": "" }).toEqual(lengths);
      expect(shown(upper)).toEqual(shown(polled));
    }
  });

  it("is 304 for a client that has it, and without a body for HEAD", async () => {
    const { job_id } = await submitted(api);
    const url = `${api.url}${prefix}${job_id}`;
    const { headers } = await rawGet(url);
    const again = await rawGet(url, { "if-none-match": headers.etag });
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, headers.etag]);
    const head = await rawGet(url, {}, "HEAD");
    expect([head.status, head.body.length, head.headers.etag]).toEqual([200, 0, headers.etag]);
  });
});

it("a poll refuses a query that its route does not know, in words", async () => {
  const { status, body } = await rawGet(`${api.url}/api/jobs/${UNKNOWN}?wait=never`);
  expect([status, JSON.parse(body.toString()).code]).toEqual([400, "invalid_request"]);
});
