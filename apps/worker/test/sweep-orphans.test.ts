import { bury, expiredFact, inputFolder, jobFolder, writeManifest } from "@drover/job-files";
import { newRequest, waitFor } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { endOf, type FAILURE, HOUR, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
beforeEach(async () => {
  bench = await SweepBench.start();
});

describe("a deleted job", () => {
  test("that came back is removed, with every manifest of its id, and a later job of the id is not", async () => {
    const request = await bench.submitted();
    await bury(request, request.createdAt, bench.blobs);
    const second = await bench.upload({ id: request.id, createdAt: request.createdAt });
    const later = await bench.submitted();
    await bury({ ...later, input: newRequest({ processor: "p" }).input }, later.createdAt - 1, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ jobsBuried: 1, restored: 0 });
    expect([await bench.status(request), await bench.status(later)]).toEqual([undefined, "queued"]);
    expect(await bench.keys(second.input.key)).toEqual([]);
    expect(await bench.keys(later.input.key)).toHaveLength(1);
  });

  test("is not restored from its manifests when Redis lost everything, and what a delete left is removed", async () => {
    const request = await bench.upload();
    await bench.artifact(request);
    await bury(request, request.createdAt, bench.blobs);
    bench.ahead = 20_000;
    expect(await bench.sweep()).toMatchObject({ restored: 0 });
    expect(await bench.keys()).toEqual([`tombstones/${request.id}.json`]);
  });

  test("is forgotten a day after the longest retention", async () => {
    await bury(newRequest({ processor: "p" }), Date.now(), bench.blobs);
    bench.ahead = 28 * HOUR - 10_000;
    await bench.sweep();
    expect(await bench.keys()).toHaveLength(1);
    bench.ahead = 28 * HOUR + 10_000;
    await bench.sweep();
    expect(await bench.keys()).toEqual([]);
  });
});

describe("artifacts", () => {
  test("that their job does not point at are removed when they are old; the published ones and those of a running attempt stay", async () => {
    const request = await bench.upload();
    const published = await bench.artifact(request, "2-winner");
    await bench.artifact(request, "1-loser");
    await bench.queue.jobs.submit(request);
    let finish = (_outcome: typeof FAILURE) => {};
    let starts = 0;
    const consumer = bench.consume(() => {
      starts += 1;
      if (starts === 1) return Promise.resolve({ kind: "released" });
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    await waitFor(() => starts === 2);
    bench.ahead = HOUR - 10_000;
    expect((await bench.sweep()).attemptsRemoved, "too young").toBe(0);
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved, "attempt 1 is over").toBe(1);
    expect(await bench.keys("jobs/")).toEqual([published.key]);
    finish({ kind: "completed", result: null, artifacts: [published] });
    await waitFor(async () => (await bench.status(request)) === "completed");
    expect((await bench.sweep()).attemptsRemoved, "published").toBe(0);
    await bench.blobs.remove(inputFolder(request.input.key));
    expect((await bench.sweep()).attemptsRemoved, "published, and its manifest is lost").toBe(0);
    await consumer.drain(0);
  });

  test("of a job that Redis does not know are kept for the longest retention, of one that expired or was deleted not", async () => {
    const [unknown, expired, deleted] = [
      newRequest({ processor: "p" }),
      newRequest({ processor: "p" }),
      newRequest({ processor: "p" }),
    ];
    for (const request of [unknown, expired, deleted]) await bench.artifact(request);
    await bench.queue.facts.set(expiredFact(expired.id), new Date().toISOString(), HOUR);
    await bury(deleted, Date.now(), bench.blobs);
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(1);
    expect(await bench.keys("jobs/")).toEqual([`${jobFolder(unknown.id)}/1-abc/out.txt`]);
    bench.ahead = 4 * HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(1);
  });

  test("that only a forgotten end points at stay", async () => {
    const request = await bench.submitted();
    const artifact = await bench.artifact(request);
    const consumer = bench.consume(
      ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "released" }))),
    );
    await waitFor(async () => (await bench.status(request)) === "running");
    await bench.client.hset(`{${bench.prefix}:p}:p:${request.id}`, "ats", 2);
    await writeManifest(
      { version: 1, request, settled: endOf({ status: "completed", artifacts: [artifact] }) },
      bench.blobs,
    );
    bench.ahead = HOUR + 10_000;
    expect((await bench.sweep()).attemptsRemoved).toBe(0);
    await consumer.drain(0);
  });
});
