import { waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { formWith, json, submit } from "./job-steps.js";
import { CSV, startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};

describe("a submit is refused, with nothing left in storage, when", () => {
  const over = (bytes: number) => formWith(new Uint8Array(bytes));
  it.each<[string, () => FormData, number, string, string?]>([
    ["the file is empty", () => formWith(""), 400, "file_empty"],
    [
      "there is no file",
      () => {
        const f = new FormData();
        f.append("params", "{}");
        return f;
      },
      400,
      "file_missing",
    ],
    [
      "the file came as a text field",
      () => {
        const f = new FormData();
        f.append("file", "a,b");
        return f;
      },
      400,
      "file_missing",
    ],
    ["the file is larger than the processor takes", () => over((1 << 20) + 1), 413, "file_too_large"],
    ["the file is far larger than the processor takes", () => over(8 << 20), 413, "file_too_large"],
    [
      "the file has another ending and type",
      () => {
        const f = new FormData();
        f.append("file", new Blob(["x"], { type: "image/png" }), "x.png");
        return f;
      },
      415,
      "file_type_not_accepted",
    ],
    [
      "there are two files",
      () => {
        const f = formWith();
        f.append("file", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    [
      "a second file has another name",
      () => {
        const f = formWith();
        f.append("extra", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    [
      "the only file has another name",
      () => {
        const f = new FormData();
        f.append("upload", new Blob(["b"]), "b.csv");
        return f;
      },
      400,
      "invalid_request",
    ],
    ["params are not JSON", () => formWith("a", { params: "{timezone}" }), 400, "invalid_request", "params"],
    ["params are no object", () => formWith("a", { params: "[1]" }), 400, "invalid_request", "params"],
    ["tags are not JSON", () => formWith("a", { tags: "x" }), 400, "invalid_request", "tags"],
    ["a tag is no text", () => formWith("a", { tags: '{"a":1}' }), 400, "invalid_request", "tags.a"],
    [
      "a tag's value is too long",
      () => formWith("a", { tags: JSON.stringify({ a: "x".repeat(257) }) }),
      400,
      "invalid_request",
      "tags.a",
    ],
    [
      "there are too many tags",
      () =>
        formWith("a", {
          tags: JSON.stringify(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, ""]))),
        }),
      400,
      "invalid_request",
      "tags",
    ],
    [
      "priority is out of range",
      () => formWith("a", { priority: "101" }),
      400,
      "invalid_request",
      "priority",
    ],
    [
      "priority is no whole number",
      () => formWith("a", { priority: "1.5" }),
      400,
      "invalid_request",
      "priority",
    ],
    [
      "run_at is no RFC 3339 time",
      () => formWith("a", { run_at: "tomorrow" }),
      400,
      "invalid_request",
      "run_at",
    ],
    [
      "timeout_ms is over the processor's limit",
      () => formWith("a", { timeout_ms: "60001" }),
      400,
      "invalid_request",
      "timeout_ms",
    ],
    ["a field is unknown", () => formWith("a", { prioritty: "1" }), 400, "invalid_request", "prioritty"],
    [
      "a field comes twice",
      () => {
        const f = formWith("a", { params: "{}" });
        f.append("params", "{}");
        return f;
      },
      400,
      "invalid_request",
      "params",
    ],
    [
      "a field's name has brackets",
      () => formWith("a", { "params[timezone]": "UTC" }),
      400,
      "invalid_request",
    ],
    [
      "a field is too long",
      () => formWith("a", { params: JSON.stringify({ timezone: "x".repeat(17_000) }) }),
      400,
      "invalid_request",
    ],
    [
      "the job's data would be over 4 KiB",
      () => formWith("a", { params: JSON.stringify({ timezone: "x".repeat(4_000) }) }),
      400,
      "invalid_request",
    ],
    [
      "a param is unknown",
      () => formWith("a", { params: '{"tz":"UTC"}' }),
      422,
      "invalid_params",
      "params.tz",
    ],
    [
      "a param has the wrong type",
      () => formWith("a", { params: '{"timezone":5}' }),
      422,
      "invalid_params",
      "params.timezone",
    ],
    [
      "a param is none of the choices",
      () => formWith("a", { params: '{"mode":"slow"}' }),
      422,
      "invalid_params",
      "params.mode",
    ],
    [
      "a nested param is missing",
      () => formWith("a", { params: '{"nested":{}}' }),
      422,
      "invalid_params",
      "params.nested.depth",
    ],
  ])("%s", async (_when, form, status, code, path) => {
    await start();
    const response = await submit(api, form());
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const problem = await json(response);
    expect(problem).toMatchObject({ code, status });
    if (path !== undefined) expect(problem["errors"]).toEqual([expect.objectContaining({ path })]);
    await waitFor(async () => (await api.keys()).length === 0);
    expect((await api.queue.jobs.list({ limit: 10 })).jobs).toEqual([]);
    await waitFor(() => api.lines.find(({ level, fields }) => level === "warn" && fields["code"] === code));
  });

  it("the processor is unknown", async () => {
    await start();
    const response = await fetch(`${api.url}/api/processors/nope/jobs`, { method: "POST", body: formWith() });
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ code: "processor_not_found" });
  });

  it("the body is no form", async () => {
    await start();
    const response = await fetch(`${api.url}/api/processors/csv-count/jobs`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "file_missing" });
  });
});

describe("a file is accepted", () => {
  it.each([
    ["by its ending in any case", "LOG.CSV", "application/octet-stream"],
    ["by its media type, whatever it is called", "export", "text/csv; charset=utf-8"],
  ])("%s", async (_how, filename, type) => {
    await start();
    const form = new FormData();
    form.append("file", new Blob(["a"], { type }), filename);
    expect((await submit(api, form)).status).toBe(202);
  });

  it("of exactly the largest size", async () => {
    await start();
    expect((await submit(api, formWith(new Uint8Array(CSV.limits.maxInputBytes)))).status).toBe(202);
  });
});
