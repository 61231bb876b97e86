import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

describe("the operator of a processor", () => {
  it("pauses and resumes it, and reads that it is paused", async () => {
    expect(await ask("POST", "/pause")).toEqual([200, { is_paused: true, concurrency: null }]);
    expect(await ask("POST", "/pause")).toEqual([200, { is_paused: true, concurrency: null }]);
    const [status, processor] = await ask("GET", "");
    expect(status).toBe(200);
    expect(processor).toMatchObject({ name: "csv-count", is_paused: true, concurrency: null });
    const job = await submitted(api);
    expect(job["waiting"]).toEqual({ reason: "paused", position: 1, until: null });
    expect(await ask("POST", "/resume")).toEqual([200, { is_paused: false, concurrency: null }]);
  });

  it("bounds how many attempts run at a time, and takes the bound away", async () => {
    expect(await ask("PATCH", "", { concurrency: 7 })).toEqual([200, { is_paused: false, concurrency: 7 }]);
    expect((await ask("GET", ""))[1]).toMatchObject({ is_paused: false, concurrency: 7 });
    expect((await ask("PATCH", "", { concurrency: null }))[1]).toEqual({
      is_paused: false,
      concurrency: null,
    });
  });

  it.each([0, -1, 1.5, "2", undefined])("cannot set a bound of %s", async (concurrency) => {
    const [status, problem] = await ask("PATCH", "", { concurrency });
    expect(status).toBe(400);
    expect(problem).toMatchObject({ code: "invalid_request" });
  });

  it("is told of a name that no processor has", async () => {
    for (const [method, path] of [
      ["POST", "/pause"],
      ["POST", "/resume"],
      ["PATCH", ""],
    ] as const) {
      const [status, problem] = await ask(method, path, { concurrency: 1 }, "unheard-of");
      expect(status).toBe(404);
      expect(problem).toMatchObject({ code: "processor_not_found" });
    }
  });
});

async function ask(method: string, path: string, body?: object, name = "csv-count") {
  const sent = method === "PATCH" ? { "Content-Type": "application/json" } : {};
  const response = await fetch(`${api.url}/api/processors/${name}${path}`, {
    method,
    headers: sent,
    ...(method === "PATCH" ? { body: JSON.stringify(body) } : {}),
  });
  return [response.status, (await response.json()) as Record<string, unknown>] as const;
}
