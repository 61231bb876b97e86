import { bury, inputFolder, writeManifest } from "@drover/job-files";
import { signal, waitFor, withMethods } from "@drover/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { Settler } from "../src/upkeep/settler.js";
import { FAILURE, SweepBench } from "./sweep-bench.js";

let bench: SweepBench;
let settler: Settler;
beforeEach(async () => {
  bench = await SweepBench.start();
  settler = new Settler(bench);
});

describe("a job that ended", () => {
  test("has its end in the manifest, with result and artifacts, and its input goes when it was completed", async () => {
    const { request, artifact } = await bench.completed();
    settler.settle(request);
    await settler.idle();
    const job = await bench.job(request);
    expect((await bench.manifest(request))?.settled).toEqual({
      ...{ status: "completed", at: job?.finishedAt, attempt: 1, result: { rows: 1 }, artifacts: [artifact] },
      error: null,
    });
    expect(await bench.keys("inputs/")).toEqual([request.input.key.replace(/file$/, "manifest.json")]);
  });

  test("needs no read of its files when its attempt knows what the manifest said", async () => {
    const { request } = await bench.completed();
    const opened: string[] = [];
    const open: typeof bench.blobs.open = (key, range) => {
      opened.push(key);
      return bench.blobs.open(key, range);
    };
    settler = new Settler({ ...bench, blobs: withMethods(bench.blobs, { open }) });
    settler.settle(request, { version: 1, request, settled: null });
    await settler.idle();
    expect(opened).toEqual([]);
    expect((await bench.manifest(request))?.settled).toMatchObject({
      status: "completed",
      result: { rows: 1 },
    });
    expect(await bench.keys(request.input.key)).toEqual([]);
  });

  test("is not brought back by a known manifest when a person deletes it meanwhile", async () => {
    const { request } = await bench.completed();
    const put: typeof bench.blobs.put = async (...args) => {
      await bury(request, Date.now(), bench.blobs);
      await bench.queue.jobs.remove(request.id);
      await bench.blobs.remove(inputFolder(request.input.key));
      return bench.blobs.put(...args);
    };
    settler = new Settler({ ...bench, blobs: withMethods(bench.blobs, { put }) });
    settler.settle(request, { version: 1, request, settled: null });
    await settler.idle();
    expect(await bench.keys("inputs/")).toEqual([]);
  });

  test("that failed may be retried by a person: its manifest is read again", async () => {
    const request = await bench.ended();
    const at = (await bench.job(request))?.finishedAt ?? 0;
    await writeManifest({ version: 1, request, settled: null, reopenedEnd: at }, bench.blobs);
    settler.settle(request, { version: 1, request, settled: null });
    await settler.idle();
    expect(await bench.manifest(request)).toMatchObject({ settled: null, reopenedEnd: at });
  });

  test("takes less room in Redis when it was completed", async () => {
    const { request } = await bench.completed();
    const keys = () => bench.client.keys(`*${request.id}*`);
    expect(await keys()).toHaveLength(2); // the job and its history
    settler.settle(request);
    await settler.idle();
    expect(await keys()).toHaveLength(1);
  });

  test("keeps its input when it failed", async () => {
    const request = await bench.ended();
    settler.settle(request);
    await settler.idle();
    expect((await bench.manifest(request))?.settled).toMatchObject({
      status: "failed",
      error: { code: "input_invalid" },
    });
    expect(await bench.keys("inputs/")).toHaveLength(2);
  });

  test("keeps its input until the end has surely outlived a crash of Redis; the manifest is settled before", async () => {
    const { request } = await bench.completed();
    const synced = signal();
    const queue = { ...bench.queue, finished: { ...bench.queue.finished, synced: () => synced.promise } };
    settler = new Settler({ ...bench, queue });
    settler.settle(request);
    await waitFor(async () => (await bench.manifest(request))?.settled);
    const another = await bench.ended();
    settler.settle(another);
    // Time in which an input would be gone.
    await waitFor(async () => (await bench.manifest(another))?.settled);
    expect(await bench.keys(request.input.key)).toHaveLength(1);
    synced.resolve();
    await settler.idle();
    expect(await bench.keys(request.input.key)).toEqual([]);
  });

  test("is settled before a drain ends, its input left to the sweeper", async () => {
    const { request } = await bench.completed();
    settler.settle(request);
    await settler.drain(5_000);
    expect((await bench.manifest(request))?.settled?.status).toBe("completed");
    expect(await bench.keys(request.input.key)).toHaveLength(1);
  });

  test("is left as it is when a person retried it meanwhile", async () => {
    const request = await bench.ended();
    await bench.queue.jobs.retry(request.id);
    settler.settle(request);
    await settler.idle();
    expect((await bench.manifest(request))?.settled).toBeNull();
  });

  test("is erased when a person had deleted it and Redis had forgotten", async () => {
    const request = await bench.submitted();
    await bury(request, request.createdAt, bench.blobs);
    await bench.run(request, { kind: "cancelled" });
    settler.settle(request);
    await settler.idle();
    expect(await bench.status(request)).toBeUndefined();
    expect(await bench.keys("inputs/")).toEqual([]);
  });

  test("does not keep the others when its manifest cannot be written", async () => {
    const requests = [await bench.ended(), await bench.ended(FAILURE)];
    const blobs = withMethods(bench.blobs, {
      put: (key, ...rest) =>
        key.startsWith(requests[0]?.input.key.replace("file", "") ?? "")
          ? Promise.reject(new Error("disk"))
          : bench.blobs.put(key, ...rest),
    });
    settler = new Settler({ ...bench, blobs });
    for (const request of requests) settler.settle(request);
    await settler.idle();
    const settled = await Promise.all(requests.map((request) => bench.manifest(request)));
    expect(settled.map((manifest) => manifest?.settled?.status)).toEqual([undefined, "failed"]);
    expect(bench.log.entries.map(({ message }) => message)).toContain(
      "The manifest of a job is left for the sweeper to settle",
    );
  });
});
