import { describe, expect, it } from "vitest";
import { attemptsOf, placeOn } from "../src/desk/job-attempts.js";
import { jobTimes } from "../src/desk/job-times.js";
import { deskJob } from "./desk-job.js";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 10, 0, second)).toISOString();
const ms = (second: number) => Date.parse(at(second));

describe("the attempts of a job", () => {
  it("are told with worker, stages, end and reason", () => {
    const error = { code: "timeout", message: "It took over 5 s.", retryable: true } as const;
    const attempts = attemptsOf(
      deskJob({
        error,
        timeline: [
          { type: "accepted", at: at(0) },
          { type: "started", at: at(1), attempt: 1, worker: "a-1-x" },
          { type: "stage", at: at(2), attempt: 1, stage: "read" },
          { type: "retry", at: at(3), attempt: 1, code: "crashed", message: "It broke.", until: at(9) },
          { type: "started", at: at(10), attempt: 2, worker: "b-2-y" },
          { type: "worker_lost", at: at(12), attempt: 2 },
          { type: "started", at: at(20), attempt: 3, worker: "a-1-x" },
          { type: "finished", at: at(25), attempt: 3, status: "failed", code: "timeout" },
        ],
      }),
    );
    expect(attempts).toMatchObject([
      { number: 1, worker: "a-1-x", outcome: "retry", code: "crashed", message: "It broke.", until: ms(9) },
      { number: 2, startedAt: ms(10), endedAt: ms(12), outcome: "worker_lost" },
      { number: 3, outcome: "failed", code: "timeout", message: error.message },
    ]);
    expect(attempts[0]?.stages).toEqual([{ stage: "read", at: ms(2) }]);
  });

  it("are open while they run, and none before the first", () => {
    expect(attemptsOf(deskJob())).toEqual([]);
    const timeline = [{ type: "started", at: at(1), attempt: 1, worker: "w" } as const];
    expect(attemptsOf(deskJob({ timeline }))).toMatchObject([{ outcome: "running", endedAt: undefined }]);
  });

  it("lie on the line of the job's time, and never past its ends", () => {
    expect(placeOn({ from: 0, to: 200 }, { from: 50, to: 100 })).toEqual({ left: 25, width: 25 });
    expect(placeOn({ from: 0, to: 100 }, { from: -50, to: 500 })).toEqual({ left: 0, width: 100 });
    expect(placeOn({ from: 5, to: 5 }, { from: 5, to: 5 })).toEqual({ left: 0, width: 0 });
  });
});

describe("the times of a job", () => {
  const job = { created_at: at(0), started_at: at(10), completed_at: at(40), status: "failed" };
  it("are its wait, its newest run and its age", () => {
    expect(jobTimes(job, ms(60))).toEqual({ waitedMs: 10_000, ranMs: 30_000, ageMs: 60_000 });
  });
  it("go on while it waits or runs, also again, and are never below nothing", () => {
    const open = { ...job, completed_at: null };
    expect(jobTimes({ ...open, status: "running" }, ms(15))).toMatchObject({ ranMs: 5_000 });
    expect(jobTimes({ ...open, status: "queued" }, ms(15))).toMatchObject({ waitedMs: 15_000, ranMs: undefined });
    expect(jobTimes({ ...open, status: "queued" }, ms(-5))).toMatchObject({ waitedMs: 0, ageMs: 0 });
  });
});
