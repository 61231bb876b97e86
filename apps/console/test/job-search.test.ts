import { describe, expect, it } from "vitest";
import { changedSearch, filterOf, matchesFilter, parseJobSearch } from "../src/desk/job-search.js";
import { deskJob } from "./desk-job.js";

const NOW = Date.parse("2026-01-02T10:00:00.000Z");

describe("the search in an address", () => {
  it("keeps what is known as text, and leaves out the rest", () => {
    const search = { q: 2026, status: "failed", tag: "", since: "24h", page: "3", tenant: ["a"] };
    expect(parseJobSearch(search)).toEqual({ q: "2026", status: "failed", since: "24h" });
  });

  it("loses a member that is set to nothing", () => {
    expect(changedSearch({ q: "a", status: "failed" }, { q: "" })).toEqual({ status: "failed" });
  });

  it("becomes what the api is asked for; what the api would refuse is left out", () => {
    expect(filterOf({ status: "failed", q: "log", tag: "course=CS101 term=a=b x", since: "24h" }, NOW)).toEqual({
      ...{ status: "failed", q: "log", tag: { course: "CS101", term: "a=b" } },
      created_after: "2026-01-01T10:00:00.000Z",
    });
    expect(filterOf({ status: "lost", since: "2y", tag: "=1" }, NOW)).toEqual({});
  });
});

describe("a job", () => {
  const job = deskJob({
    ...{ status: "failed", tags: { course: "CS101" }, tenant: "acme" },
    error: { code: "input_invalid", message: "Row 12: no time.", retryable: false },
  });

  it.each([
    { status: "failed", processor: "checksum", tag: { course: "CS101" }, tenant: "acme" },
    { q: "LOG.csv" },
    { q: "row 12" },
    { q: "input_invalid: Row" },
    { q: "cs10" },
    { q: job.job_id.slice(-6) },
    { created_after: "2026-01-01T09:59:59.999Z" },
  ] as const)("matches %j", (filter) => {
    expect(matchesFilter(job, filter)).toBe(true);
  });

  it.each([
    { status: "completed" },
    { processor: "other" },
    { tag: { course: "CS102" } },
    { tenant: "default" },
    { q: "xls" },
    { created_after: "2026-01-01T10:00:00.000Z" },
  ] as const)("does not match %j", (filter) => {
    expect(matchesFilter(job, filter)).toBe(false);
  });
});
