import { readManifest } from "@drover/job-files";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { watchDeadlines } from "../src/jobs/settle-job.js";
import { formWith, json, submit } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi({ isServed: false });
});
afterEach(() => api.close());

describe("a job that no worker serves", () => {
  it("fails as queue_timeout when its limit has passed, and its manifest says so", async () => {
    const stop = watchDeadlines({ queue: api.queue, store: api.store, log: api.deps.log }, 10);
    const response = await submit(
      api,
      formWith("a", { queue_timeout_ms: "20", run_at: "2020-01-01T00:00:00Z" }),
    );
    const { job_id } = await json(response);
    const read = () => json(fetch(`${api.url}/api/jobs/${job_id}`));
    await waitFor(async () => (await read()).status === "failed");
    expect((await read())["error"]).toMatchObject({ code: "queue_timeout" });
    const [key = ""] = (await api.keys()).filter((name) => name.endsWith("/file"));
    await waitFor(async () => (await readManifest(key, api.store))?.settled?.error?.code === "queue_timeout");
    stop();
  });

  it("waits on while the queue's server is away", async () => {
    let looks = 0;
    const deadlines = {
      failLate: () => {
        looks += 1;
        return Promise.reject(new Error("away"));
      },
    };
    const stop = watchDeadlines(
      { queue: { ...api.queue, deadlines }, store: api.store, log: api.deps.log },
      5,
    );
    await waitFor(() => looks >= 3);
    stop();
  });
});
