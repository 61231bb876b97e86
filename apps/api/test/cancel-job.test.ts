import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failed, json, manifestOf, post, readJob, running, submitted } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

describe("a cancel", () => {
  it("of a queued job is 200, ends it at once, and marks its manifest so that it is not restored", async () => {
    const { job_id } = await submitted(api);
    const response = await post(api, `/api/jobs/${job_id}/cancel`);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({ job_id, status: "cancelled" });
    expect((await readJob(api, job_id)).status).toBe("cancelled");
    expect((await manifestOf(api, job_id))?.settled).toMatchObject({ status: "cancelled" });
  });

  it("of a running job is 202, and the job ends cancelled", async () => {
    const { id, consumer } = await running(api);
    const response = await post(api, `/api/jobs/${id}/cancel`);
    expect(response.status).toBe(202);
    expect(await json(response)).toEqual({ job_id: id, status: "cancelling" });
    await waitFor(async () => (await readJob(api, id)).status === "cancelled");
    await consumer.drain(0);
  });

  it("of a finished job is 409", async () => {
    const id = await failed(api);
    const response = await post(api, `/api/jobs/${id}/cancel`);
    expect(response.status).toBe(409);
    expect(await json(response)).toMatchObject({ code: "job_already_finished" });
  });

  it("of an unknown job is 404 and of a malformed id 400", async () => {
    expect((await post(api, "/api/jobs/12345678-1234-1234-1234-123456789abc/cancel")).status).toBe(404);
    expect((await post(api, "/api/jobs/x/cancel")).status).toBe(400);
  });
});
