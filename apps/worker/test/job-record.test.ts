import { newJobId } from "@drover/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobOfRecord, MalformedError, readRecord } from "../src/job-import/job-record.js";
import {
  merge,
  mergeSources,
  parseTime,
  UPDATE_KEYS,
  type Update,
  updateOf,
} from "../src/job-import/job-updates.js";

const ID = newJobId();
const WHOLE = {
  job_id: ID,
  status: "completed",
  created_at: "2024-03-01T10:00:00.000Z",
  updated_at: "2024-03-01T10:05:00.000Z",
  progress: 100,
  result: { suggestions: [] },
} as const;

const troubleOf = (update: Update): string => {
  try {
    readRecord(ID, update);
  } catch (error) {
    if (error instanceof MalformedError) return error.message;
    throw error;
  }
  return "none";
};

describe("of several updates", () => {
  const update = fc.dictionary(fc.constantFrom(...UPDATE_KEYS), fc.jsonValue());

  it("the last value of each key wins", () => {
    fc.assert(
      fc.property(fc.array(update, { maxLength: 12 }), (updates) => {
        const merged = updates.map((each) => updateOf(each) ?? {}).reduce(merge, {});
        for (const key of UPDATE_KEYS) {
          const last = updates.findLast((each) => Object.hasOwn(each, key));
          expect(Object.hasOwn(merged, key)).toBe(last !== undefined);
          expect(merged[key]).toEqual(last?.[key]);
        }
      }),
    );
  });

  it("keys that nobody knows are passed over, and what is no object is none", () => {
    expect(updateOf({ ...WHOLE, secret: 1, constructor: 2 })).toEqual(WHOLE);
    for (const value of [null, [], "text", 1]) expect(updateOf(value)).toBeUndefined();
  });

  it.each([
    ["the log's, when it is later", "2024-03-01T10:00:00Z", "2024-03-01T10:00:01Z", "log"],
    ["the file's, when it is later", "2024-03-01T12:00:01+01:00", "2024-03-01T11:00:00Z", "file"],
    ["the log's, when they are of one time", "2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z", "log"],
    ["the log's, when neither says a time", undefined, undefined, "log"],
  ])("of a file and a log, %s value wins", (_what, fileTime, logTime, winner) => {
    const at = (time: string | undefined) => (time === undefined ? {} : { updated_at: time });
    const merged = mergeSources(
      { ...at(fileTime), status: "file", progress: 1 },
      { ...at(logTime), status: "log" },
    );
    expect(merged).toMatchObject({ status: winner, progress: 1 });
  });
});

describe("a time", () => {
  it("is read with any offset and as many digits as there are", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1971-01-01"), max: new Date("9998-12-31"), noInvalidDate: true }),
        fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }),
        fc.stringMatching(/^\d{0,6}$/),
        (date, offset, digits) => {
          const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
          const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
          const zone = `${offset < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
          expect(parseTime(`${local}${digits}${zone}`)).toBe(date.getTime());
        },
      ),
    );
  });

  it.each([
    ["2024-03-01T10:00:00Z", "2024-03-01T10:00:00.000Z"],
    ["2024-03-01t10:00:00.5z", "2024-03-01T10:00:00.500Z"],
    ["2024-03-01 10:00:00.999999", "2024-03-01T10:00:00.999Z"],
    ["2024-02-29T23:59:59.1-0130", "2024-03-01T01:29:59.100Z"],
  ])("%s is %s", (text, expected) => {
    expect(new Date(parseTime(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    "2023-02-29T10:00:00Z",
    "2024-13-01T10:00:00Z",
    "2024-03-01T24:00:00Z",
    "2024-03-01T10:60:00Z",
    "2024-03-01T10:00:00+24:00",
    "1969-12-31T23:59:59Z",
    "2024-03-01",
    "yesterday",
    1_709_287_200_000,
    null,
  ])("%s is none", (value) => {
    expect(parseTime(value)).toBeUndefined();
  });
});

describe("a record", () => {
  it("needs no job_id, progress, result and error_message", () => {
    const { job_id: _, progress: __, result: ___, ...rest } = WHOLE;
    expect(readRecord(ID, rest)).toMatchObject({ id: ID, percent: 100, result: null, errorMessage: null });
    expect(readRecord(ID, { ...rest, status: "failed" })).toMatchObject({ percent: 0 });
  });

  it.each([
    [{ job_id: newJobId() }, /^job_id: expected \S+, as the file is named; got "/],
    [{ job_id: 7 }, /^job_id: .*got 7\.$/],
    [{ status: "done" }, 'status: expected one of queued, running, completed, failed; got "done".'],
    [{ status: undefined }, "status: expected one of queued, running, completed, failed; it is missing."],
    [{ created_at: "soon" }, /^created_at: expected a time, as 2026-01-31T12:00:00\.000Z; got "soon"\.$/],
    [{ updated_at: 5 }, /^updated_at: .*got 5\.$/],
    [{ progress: "50" }, 'progress: expected a number from 0 to 100; got "50".'],
    [{ error_message: ["x"] }, 'error_message: expected a text; got ["x"].'],
    [{ result: "x".repeat(65_537) }, /^result: expected at most 65536 bytes as JSON; it has 65539 bytes\.$/],
  ])("with %o is refused in words", (change, words) => {
    expect(troubleOf({ ...WHOLE, ...change })).toMatch(words);
  });

  it("that is nested without end is refused, wherever the nesting is", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(30_000)}${"]".repeat(30_000)}`);
    expect(troubleOf({ ...WHOLE, result: deep })).toContain("more levels than can be written");
    expect(troubleOf({ ...WHOLE, status: deep })).toContain("got something nested");
  });

  it("may have a progress that is out of range, which is clamped", () => {
    expect(readRecord(ID, { ...WHOLE, progress: 150 }).percent).toBe(100);
    expect(readRecord(ID, { ...WHOLE, progress: -1 }).percent).toBe(0);
  });
});

describe("the job of a record", () => {
  const source = { filename: `${ID}.json`, sizeBytes: 10, sha256: "0".repeat(64) };
  const jobOf = (change: Update) =>
    jobOfRecord(readRecord(ID, { ...WHOLE, ...change }), {
      ...{ processor: "text-review", tenant: "default", importedAt: 5, source },
    });

  it("has the record's id, times and result", () => {
    const { request, end } = jobOf({});
    expect(request).toMatchObject({ id: ID, createdAt: Date.parse(WHOLE.created_at), importedAt: 5 });
    expect(end).toMatchObject({
      status: "completed",
      at: Date.parse(WHOLE.updated_at),
      result: WHOLE.result,
    });
  });

  it.each([
    ["failed", "No file.", { code: "processor_error", message: "No file." }],
    ["failed", null, { code: "processor_error", message: "The job failed." }],
    [
      "running",
      null,
      { code: "worker_lost", message: expect.stringContaining("was running when it was imported") },
    ],
    ["queued", null, { code: "input_missing", message: expect.stringContaining("without its input") }],
  ])("that was %s with the message %s has failed", (status, error_message, error) => {
    const { end } = jobOf({ status, error_message, progress: 40 });
    expect(end).toMatchObject({ status: "failed", percent: 40, result: null, error });
  });
});
