import type { Job, JobsStreamEvent } from "@drover/client";
import { describe, expect, it } from "vitest";
import { withEvents, withHead, withPage } from "../src/desk/job-rows.js";
import { deskJob, idOf } from "./desk-job.js";

/** Jobs by their numbers: the higher, the newer. */
const jobsOf = (...numbers: readonly number[]): readonly Job[] =>
  numbers.map((n) => deskJob({ job_id: idOf(n), created_at: new Date(Date.UTC(2026, 0, 1, 10, n)).toISOString() }));
const numbersOf = (rows: readonly Job[]) => rows.map(({ job_id }) => Number(job_id.slice(-12)));
const all = () => true;
const head = { job_id: idOf(2), processor: "checksum", at: "2026-01-01T11:00:00.000Z" };

describe("the rows of the table", () => {
  it("go on with the next page, each job once", () => {
    expect(numbersOf(withPage(jobsOf(5, 4, 3), jobsOf(3, 2)))).toEqual([5, 4, 3, 2]);
  });

  it("are as their beginning says as far as that reaches: what was erased there goes", () => {
    const page = { jobs: [...jobsOf(6, 3)], next_cursor: "c" };
    expect(numbersOf(withHead(jobsOf(5, 4, 3, 2, 1), page))).toEqual([6, 3, 2, 1]);
    expect(numbersOf(withHead(jobsOf(5, 4), { jobs: [...jobsOf(4)], next_cursor: null }))).toEqual([4]);
    expect(numbersOf(withHead(jobsOf(5, 4), { jobs: [], next_cursor: "c" }))).toEqual([5, 4]);
  });

  it("follow progress and status, and not what is older than what they know", () => {
    const progress: JobsStreamEvent = {
      ...{ type: "progress", ...head, attempt: 1, progress: 40, stage: "read", message: null },
    };
    const { rows } = withEvents(jobsOf(3, 2), [progress], all);
    expect(rows[1]).toMatchObject({ status: "running", progress: 40, attempt: 1, started_at: head.at });
    const late: JobsStreamEvent = { type: "status", ...head, at: "2026-01-01T10:30:00.000Z", status: "queued" };
    expect(withEvents(rows, [late], all).rows[1]).toMatchObject({ status: "running" });
  });

  it("lose a job that matches no more, and get one that ended and does", () => {
    const isFailed = (job: Job) => job.status === "failed";
    const failed = jobsOf(9, 2).map((job) => ({ ...job, status: "failed" as const }));
    const again: JobsStreamEvent = { type: "status", ...head, status: "queued" };
    const [ended = deskJob()] = jobsOf(5).map((job) => ({ ...job, status: "failed" as const }));
    const { rows, isMoreToRead } = withEvents(failed, [again, { type: "ended", job: ended }], isFailed);
    expect(numbersOf(rows)).toEqual([9, 5]);
    expect(isMoreToRead).toBe(false);
  });

  it("want to be read anew when a job is new, of which an event does not say enough", () => {
    const event: JobsStreamEvent = { type: "status", ...head, job_id: idOf(7), status: "queued" };
    expect(withEvents(jobsOf(3), [event], all)).toMatchObject({ isMoreToRead: true, rows: { length: 1 } });
  });
});
