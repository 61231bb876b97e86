import { DomainError, type QueuePorts } from "@drover/core";
import { testQueue, waitFor } from "@drover/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { json } from "./job-steps.js";
import { startApi, type TestApi, type TestApiOptions } from "./test-api.js";

let api: TestApi;
afterEach(() => api.close());
const start = async (options?: TestApiOptions) => {
  api = await startApi(options);
  return api;
};
const get = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);

describe("the catalogue", () => {
  it("shows what processors accept, the smaller limit, and who serves them", async () => {
    await start();
    const processor = await json(get("/api/processors/any-file"));
    expect(processor).toMatchObject({
      name: "any-file",
      accepts: { extensions: [], media_types: [] },
      limits: { max_input_bytes: 512 << 20, max_attempts: 3 },
      params_schema: { additionalProperties: false },
      workers: 1,
      slots: 2,
    });
    const { processors } = (await (await get("/api/processors")).json()) as {
      processors: { name: string }[];
    };
    expect(processors.map(({ name }) => name)).toEqual(["any-file", "csv-count", "moodle-log"]);
    expect((await get("/api/processors/nope")).status).toBe(404);
  });

  it("goes on with what it knew while Redis is away, and says so once", async () => {
    const queue = await testQueue();
    let isAway = false;
    const catalogue: QueuePorts["catalogue"] = {
      ...queue.catalogue,
      read: async () => {
        if (isAway) throw new DomainError("redis_unavailable", "away");
        return queue.catalogue.read();
      },
    };
    const { createProcessorDirectory } = await import("../src/processors/processor-directory.js");
    await start({ queue });
    const directory = createProcessorDirectory({ catalogue, log: api.deps.log, refreshMs: 5 });
    directory.start();
    await waitFor(() => directory.known.length === 3);
    isAway = true;
    await waitFor(() => api.lines.some(({ level }) => level === "warn"));
    expect((await directory.require("csv-count")).name).toBe("csv-count");
    await expect(directory.require("nope")).rejects.toMatchObject({ code: "redis_unavailable" });
    directory.stop();
    expect(api.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });
});
