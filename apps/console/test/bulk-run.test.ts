import { ProblemError } from "@drover/client";
import { describe, expect, it } from "vitest";
import { actOn, findJobs, runBulk, statusesFor } from "../src/desk/bulk-run.js";
import { deskJob, idOf } from "./desk-job.js";

const refusal = (status: number, code: string, retryAfterS?: number) =>
  new ProblemError(status, { code, detail: `It is ${code}.` }, retryAfterS);
const watch = () => {
  const stop = new AbortController();
  const counts: number[] = [];
  return { stop, counts, signal: stop.signal, onCount: (count: number) => void counts.push(count) };
};

describe("an action on all jobs that match", () => {
  it("is for the statuses that it can be done to, within those that are asked for", () => {
    expect(statusesFor("retry", {})).toEqual(["failed", "cancelled"]);
    expect(statusesFor("retry", { status: "failed" })).toEqual(["failed"]);
    expect(statusesFor("cancel", { status: "failed" })).toEqual([]);
    expect(statusesFor("delete", {})).not.toContain("running");
  });

  it("finds the jobs of each status by the filter that is shown", async () => {
    const asked: unknown[] = [];
    const listAll = async function* (filter: unknown) {
      asked.push(filter);
      yield deskJob({ job_id: idOf(asked.length) });
    };
    const { signal, onCount, counts } = watch();
    const found = await findJobs({ listAll }, { action: "retry", filter: { q: "log" } }, { signal, onCount });
    expect(found).toEqual([idOf(1), idOf(2)]);
    expect(asked).toEqual(["failed", "cancelled"].map((status) => ({ q: "log", status, limit: 200 })));
    expect(counts.at(-1)).toBe(2);
  });

  it("goes on past what is refused, and says what was", async () => {
    const act = async (id: string) => {
      if (id === "b") throw refusal(410, "input_expired");
    };
    const { signal, onCount, counts } = watch();
    const result = await runBulk(["a", "b", "c"], act, { signal, onCount });
    expect(result).toEqual({ done: 2, refused: [{ jobId: "b", message: "It is input_expired." }] });
    expect(counts.at(-1)).toBe(3);
  });

  it("waits and tries again when there were too many requests", async () => {
    let tries = 0;
    const act = async () => {
      if (++tries < 3) throw refusal(429, "rate_limited", 0);
    };
    expect(await runBulk(["a"], act, watch())).toEqual({ done: 1, refused: [] });
    expect(tries).toBe(3);
  });

  it("begins no further job once it is stopped, and says what was done", async () => {
    const { stop, signal, onCount } = watch();
    const begun: string[] = [];
    const act = async (id: string) => {
      begun.push(id);
      stop.abort();
    };
    const ids = Array.from({ length: 50 }, (_, i) => String(i));
    expect((await runBulk(ids, act, { signal, onCount })).done).toBe(begun.length);
    expect(begun.length).toBeLessThanOrEqual(6);
  });

  it("ends with an error when the server is away", async () => {
    const away = () => Promise.reject(new Error("away"));
    await expect(runBulk(["a"], away, watch())).rejects.toThrow("away");
  });

  it("deletes no job that was retried since it was counted, and takes one that is gone for deleted", async () => {
    const removed: string[] = [];
    const client = {
      get: async (jobId: string) => {
        if (jobId === "gone") throw refusal(404, "job_not_found");
        return deskJob({ status: jobId === "again" ? "queued" : "failed" });
      },
      remove: async (jobId: string) => void removed.push(jobId),
      retry: () => Promise.reject(new Error("unused")),
      cancel: () => Promise.reject(new Error("unused")),
    };
    await runBulk(["again", "gone", "old"], actOn(client, "delete"), watch());
    expect(removed).toEqual(["old"]);
  });
});
