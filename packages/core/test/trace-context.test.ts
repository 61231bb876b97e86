import { describe, expect, it } from "vitest";
import { type JobId, jobFields, MAX_TRACESTATE_LENGTH, parseTraceContext, traceIdOf } from "../src/index.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const GOOD = `00-${TRACE}-${PARENT}-01`;

describe("the header traceparent", () => {
  it("is kept as it came, with all of its flags", () => {
    for (const flags of ["00", "01", "02", "03", "ff"])
      expect(parseTraceContext(`00-${TRACE}-${PARENT}-${flags}`)).toEqual({
        traceparent: `00-${TRACE}-${PARENT}-${flags}`,
      });
    expect(traceIdOf({ traceparent: GOOD })).toBe(TRACE);
  });

  it.each([
    ["nothing", undefined],
    ["an empty one", ""],
    ["no trace id", "00"],
    ["no flags", `00-${TRACE}-${PARENT}`],
    ["a version of one digit", `0-${TRACE}-${PARENT}-01`],
    ["version ff, which is none", `ff-${TRACE}-${PARENT}-01`],
    ["a version that is no number", `xx-${TRACE}-${PARENT}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["a parent id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["upper case", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ["a trace id that is short", `00-${TRACE.slice(1)}-${PARENT}-01`],
    ["a trace id that is long", `00-${TRACE}0-${PARENT}-01`],
    ["a parent id that is short", `00-${TRACE}-${PARENT.slice(1)}-01`],
    ["a character that is no digit", `00-${TRACE.slice(1)}g-${PARENT}-01`],
    ["flags of one digit", `00-${TRACE}-${PARENT}-1`],
    ["flags of three digits", `00-${TRACE}-${PARENT}-011`],
    ["more than version 00 has", `${GOOD}-what`],
    ["a line feed behind it", `${GOOD}\n`],
    ["blanks around it", ` ${GOOD} `],
    ["two of them, joined as Node joins them", `${GOOD}, ${GOOD}`],
    ["a later version that goes on without a dash", `01-${TRACE}-${PARENT}-01what`],
  ])("%s is no trace", (_what, header) => {
    expect(parseTraceContext(header, "a=1")).toBeUndefined();
  });

  it("of a later version says what version 00 knows, and is handed on as that", () => {
    const ofVersion00 = { traceparent: GOOD };
    expect(parseTraceContext(`01-${TRACE}-${PARENT}-ff`)).toEqual(ofVersion00);
    expect(parseTraceContext(`cc-${TRACE}-${PARENT}-01-what-the-future-will-be`)).toEqual(ofVersion00);
    expect(parseTraceContext(`cc-${TRACE}-${PARENT}-02`)?.traceparent).toBe(`00-${TRACE}-${PARENT}-00`);
  });
});

describe("the header tracestate", () => {
  const stateOf = (header: string) => parseTraceContext(GOOD, header)?.tracestate;

  it("is kept member by member, without what is empty", () => {
    expect(stateOf("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")).toBe(
      "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    );
    expect(stateOf("a=1 ,\t b@vendor=x y,,")).toBe("a=1,b@vendor=x y");
    expect(stateOf("")).toBeUndefined();
  });

  it.each([
    ["no value", "a"],
    ["an empty value", "a="],
    ["a key in upper case", "A=1"],
    ["an empty key", "=1"],
    ["two signs of equality", "a=1=2"],
    ["a value beyond ASCII", "a=é"],
    ["a key over 256 characters", `${"a".repeat(257)}=1`],
    ["a value over 256 characters", `a=${"1".repeat(257)}`],
    ["33 members", Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(",")],
  ])("with %s is left out whole, and the trace stays", (_what, header) => {
    expect(parseTraceContext(GOOD, `ok=1,${header}`)).toEqual({ traceparent: GOOD });
  });

  it("is cut to 512 characters: long members first, then from the end", () => {
    const short = Array.from({ length: 20 }, (_, i) => `k${i}=${"v".repeat(20)}`);
    const long = `long=${"v".repeat(130)}`;
    expect(stateOf([long, ...short].join(","))).toBe(short.join(","));
    const many = Array.from({ length: 32 }, (_, i) => `k${i}=${"v".repeat(20)}`);
    const cut = stateOf(many.join(",")) ?? "";
    expect(cut.length).toBeLessThanOrEqual(MAX_TRACESTATE_LENGTH);
    expect(many.join(",").startsWith(`${cut},`)).toBe(true);
    expect(cut.length).toBeGreaterThan(MAX_TRACESTATE_LENGTH - 30);
  });
});

it("a line about a job carries what leads to it, and nothing that is not known", () => {
  const id = "12345678-1234-1234-1234-123456789abc" as JobId;
  const job = { id, processor: "copy", requestId: null };
  expect(jobFields(job)).toEqual({ job_id: id, processor: "copy" });
  expect(jobFields({ ...job, requestId: "r1", trace: { traceparent: GOOD } }, 2)).toEqual({
    ...{ request_id: "r1", job_id: id, processor: "copy" },
    ...{ attempt: 2, trace_id: TRACE },
  });
});
