import type { Job } from "@drover/client";
import { waitFor } from "@drover/testkit";
import { expect, it } from "vitest";
import { System } from "../src/system.js";

it("F15: 500 jobs that fail at once do not come back at once", async () => {
  const untils: number[] = [];
  const failing = await System.start({
    apis: 1,
    workers: 1,
    env: { DROVER_RETRY_BASE_DELAY: "20s", DROVER_CONCURRENCY: "16" },
  });
  try {
    const client = failing.client();
    const submitter = async () => {
      for (let i = 0; i < 50; i++) await client.submit("refuse", new Blob(["x"]));
    };
    await Promise.all(Array.from({ length: 10 }, submitter));
    let cursor: string | undefined;
    do {
      const page = await client.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      for (const { job_id } of page.jobs) {
        const { timeline = [] } = await waitFor(
          async () => hasRetry(await client.get(job_id, { include: "timeline" })),
          { deadlineMs: 30_000 },
        );
        const retry = timeline.find((event) => event.type === "retry");
        untils.push(Date.parse(retry?.until ?? "") - Date.parse(retry?.at ?? ""));
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  } finally {
    await failing.stop();
  }
  expect(untils).toHaveLength(500);
  const perSecond = new Map<number, number>();
  for (const delay of untils)
    perSecond.set(Math.floor(delay / 1_000), (perSecond.get(Math.floor(delay / 1_000)) ?? 0) + 1);
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(50);
});

function hasRetry(job: Job): Job | undefined {
  return job.timeline?.some((event) => event.type === "retry") === true ? job : undefined;
}
