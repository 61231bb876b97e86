import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formWith, json, submit, submitted } from "./job-steps.js";
import { ANY, startApi, type TestApi } from "./test-api.js";

const nested = (depth: number, [open, close]: readonly [string, string] = ['{"a":', "}"]) =>
  open.repeat(depth) + 1 + close.repeat(depth);

/** JSON texts that are refused wherever they come, though each parses. */
const STRANGE = [
  ["nested 33 levels deep", nested(33)],
  ["nested 2,600 levels deep", nested(2_600)],
  ["6,000 arrays in each other", `{"a":${nested(6_000, ["[", "]"])}}`],
  ["a member called __proto__", '{"__proto__":{"mode":"fast"}}'],
  ["such a member further in", '{"a":[{"__proto__":1}]}'],
  ["half of a surrogate pair", '{"a":"\\ud800"}'],
  ["half of a surrogate pair as a name", '{"\\udc00":1}'],
  ["a NUL", '{"a":"\\u0000"}'],
  ["a NUL in a name", '{"a\\u0000":1}'],
  ["a number that no double holds", '{"a":1e999}'],
  ["a number that no double holds, below zero", '{"a":[-1e999]}'],
] as const;
/** JSON texts that are no object, or no JSON. */
const WRONG = ["null", "1", '"text"', "[]", "[[]]", "", "{", "{}}", "NaN", "{'a':1}", "\ufeff{}", '{"a":1,}'];

describe("strange JSON", () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await startApi({ processors: [{ ...ANY, name: "csv-count", paramsSchema: { type: "object" } }] });
  });
  afterEach(() => api.close());
  const retry = (id: string, body: string) =>
    fetch(`${api.url}/api/jobs/${id}/retry`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });

  it.each(STRANGE)(
    "%s is a 4xx as params, as tags and as the body of a retry, and leaves nothing",
    async (_what, text) => {
      for (const field of ["params", "tags"]) {
        const response = await submit(api, formWith("a", { [field]: text }), { "idempotency-key": field });
        expect(response.status).toBe(400);
        expect(await json(response)).toMatchObject({ errors: [{ path: field }] });
      }
      await waitFor(async () => (await api.keys()).length === 0);
      expect((await api.queue.jobs.list({ limit: 9 })).jobs).toEqual([]);
      const { job_id } = await submitted(api);
      await fetch(`${api.url}/api/jobs/${job_id}/cancel`, { method: "POST" });
      for (const body of [text, `{"params":${text}}`]) {
        const response = await retry(job_id, body);
        expect(response.status).toBe(400);
        expect(await json(response)).toMatchObject({ code: "invalid_request" });
      }
      expect(await json(fetch(`${api.url}/api/jobs/${job_id}`))).toMatchObject({
        status: "cancelled",
        params: {},
      });
    },
  );

  it.each(WRONG.filter((text) => text !== ""))(
    "%j is a 4xx as params and as the body of a retry",
    async (text) => {
      expect((await submit(api, formWith("a", { params: text }))).status).toBe(400);
      const { job_id } = await submitted(api);
      await fetch(`${api.url}/api/jobs/${job_id}/cancel`, { method: "POST" });
      for (const body of [text, `{"params":${text}}`]) {
        const { status } = await retry(job_id, body);
        // A byte order mark in front of a body is none of its text.
        expect(status).toBe(body === "\ufeff{}" ? 202 : 400);
      }
    },
  );

  it("a name that comes twice means its last value, and what is deep but sane is kept as it is", async () => {
    const deep = nested(31);
    const job = await submitted(api, formWith("a", { params: `{"a":1,"constructor":0,"a":${deep}}` }));
    expect(job["params"]).toEqual({ a: JSON.parse(deep) as unknown, constructor: 0 });
  });
});
