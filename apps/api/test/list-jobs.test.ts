import { afterEach, describe, expect, it } from "vitest";
import { formWith, json, submitted } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};
const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

describe("the list", () => {
  it("is newest first, in pages, with every filter", async () => {
    await start({ deps: { newJobId: counter() } });
    const ids: string[] = [];
    for (const course of ["a", "b", "a"]) {
      ids.unshift(
        (await submitted(api, formWith("x", { tags: JSON.stringify({ course }) }, `${course}.csv`))).job_id,
      );
    }
    await get(`/api/jobs/${ids[0]}/cancel`, { method: "POST" });
    const list = async (query: string) => {
      const page = (await (await get(`/api/jobs?${query}`)).json()) as {
        jobs: { job_id: string }[];
        next_cursor: string | null;
      };
      return { ids: page.jobs.map((job) => job.job_id), next: page.next_cursor };
    };
    expect((await list("")).ids).toEqual(ids);
    expect((await list("status=cancelled")).ids).toEqual([ids[0]]);
    expect((await list("processor=nope")).ids).toEqual([]);
    expect((await list("tag.course=a")).ids).toEqual([ids[0], ids[2]]);
    expect((await list("q=B.CSV")).ids).toEqual([ids[1]]);
    expect((await list("created_after=2099-01-01T00:00:00Z")).ids).toEqual([]);
    const first = await list("limit=2");
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect((await list(`limit=2&cursor=${encodeURIComponent(first.next ?? "")}`)).ids).toEqual(ids.slice(2));
  });

  it.each([
    ["limit=0", "query.limit"],
    ["limit=201", "query.limit"],
    ["status=done", "query.status"],
    ["created_after=yesterday", "query.created_after"],
    ["stauts=failed", "query.stauts"],
    ["status=failed&status=queued", "query.status"],
  ])("refuses ?%s", async (query, path) => {
    await start();
    const response = await get(`/api/jobs?${query}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ code: "invalid_request", errors: [{ path }] });
  });
});

/** Ids in the order of their making, as version 7 has them. */
function counter() {
  let n = 0;
  return () =>
    `00000000-0000-7000-8000-${String(++n).padStart(12, "0")}` as Parameters<
      TestApi["queue"]["jobs"]["get"]
    >[0];
}
