import { describe, expect, it } from "vitest";
import { formatLog, type LogEntry } from "../src/index.js";

const ENTRY: LogEntry = {
  level: "info",
  message: "Job accepted",
  fields: { job_id: "j1", processor: "checksum", left_out: undefined },
  at: Date.UTC(2026, 0, 1, 12, 30, 45, 678),
  source: "api",
};

describe("a log line in json", () => {
  it("is one line with time, level, source, message and every field under its name", () => {
    const line = formatLog("json", ENTRY);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      timestamp: "2026-01-01T12:30:45.678Z",
      level: "info",
      source: "api",
      message: "Job accepted",
      job_id: "j1",
      processor: "checksum",
    });
  });

  it("stays one line whatever the message and the fields hold", () => {
    const line = formatLog("json", { ...ENTRY, message: 'a\nb"c', fields: { path: "x\r\ny" } });
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toMatchObject({ message: 'a\nb"c', path: "x\r\ny" });
  });

  it("tells an error with its stack and the chain of its causes", () => {
    const error = new Error("could not store", { cause: new Error("disk full", { cause: "EDQUOT" }) });
    const { error: told } = JSON.parse(formatLog("json", { ...ENTRY, fields: { error } }));
    expect(told).toContain("Error: could not store\n");
    expect(told).toContain("caused by Error: disk full");
    expect(told).toContain("caused by EDQUOT");
  });

  it("shows of an API key its id, and nothing of a job's token", () => {
    const key = `drv_0123456789ab_${"Zz-_9".repeat(9).slice(0, 43)}`;
    const token = `drvt_WyJh.${"Zz-_9".repeat(9).slice(0, 43)}`;
    for (const format of ["json", "pretty"] as const) {
      const entry = {
        ...ENTRY,
        message: `GET /${key} 404`,
        fields: { path: `/x?token=${token}&y`, error: new Error(key) },
      };
      const line = formatLog(format, entry);
      expect(line).not.toMatch(/Zz-_9Zz/);
      expect(line).toContain("GET /drv_0123456789ab_… 404");
    }
  });

  it("tells a thrown value that is no error", () => {
    expect(JSON.parse(formatLog("json", { ...ENTRY, fields: { error: "just text" } })).error).toBe(
      "just text",
    );
  });
});

describe("what a stranger wrote", () => {
  const FORGED =
    "x\n12:00:00.000 ✅ api: paid\r\u001b[2K\u009b1m\u007f\u0085\u2028\u2029\u202etxt\u2066\u0000\t";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
  const RAW = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
  const entry: LogEntry = {
    ...ENTRY,
    message: FORGED,
    fields: { path: FORGED, list: [FORGED], tags: { a: FORGED } },
  };

  it("stays in its line and shows its controls, in json", () => {
    const line = formatLog("json", entry);
    expect(line).not.toMatch(RAW);
    expect(JSON.parse(line)).toMatchObject({
      message: FORGED,
      path: FORGED,
      list: [FORGED],
      tags: { a: FORGED },
    });
  });

  it("stays in its line and shows its controls, for a terminal", () => {
    const line = formatLog("pretty", entry);
    expect(line).not.toMatch(RAW);
    expect(line).toContain("api: x\\n12:00:00.000 ✅ api: paid\\r\\u001b[2K\\u009b1m\\u007f");
  });

  it("is no field of its own", () => {
    const line = formatLog("pretty", { ...ENTRY, fields: { detail: 'a job_id=other "q"' } });
    expect(line).toContain('detail="a job_id=other \\"q\\""');
  });

  it("begins no line in an error, whose stack stays readable", () => {
    const error = new Error("boom\n12:00:00.000 ✅ api: paid\u001b[2J", { cause: new Error("a\rb") });
    const [, ...below] = formatLog("pretty", { ...ENTRY, fields: { error } }).split("\n");
    expect(below.length).toBeGreaterThan(5);
    for (const line of below) {
      expect(line).toMatch(/^ {4}/);
      expect(line).not.toMatch(RAW);
    }
    expect(below.slice(0, 2)).toEqual(["    Error: boom", "    12:00:00.000 ✅ api: paid\\u001b[2J"]);
    expect(formatLog("json", { ...ENTRY, fields: { error } })).not.toMatch(RAW);
  });
});

describe("a log line for a terminal", () => {
  it.each([
    ["debug", "12:30:45.678    api: Job accepted job_id=j1 processor=checksum"],
    ["info", "12:30:45.678 ℹ️  api: Job accepted job_id=j1 processor=checksum"],
    ["warn", "12:30:45.678 ⚠️  api: Job accepted job_id=j1 processor=checksum"],
    ["error", "12:30:45.678 ❌ api: Job accepted job_id=j1 processor=checksum"],
  ] as const)("marks the level %s", (level, line) => {
    expect(formatLog("pretty", { ...ENTRY, level })).toBe(line);
  });

  it("marks a completed outcome as a success, and only that", () => {
    expect(formatLog("pretty", { ...ENTRY, fields: { outcome: "completed" } })).toContain("✅ api:");
    expect(formatLog("pretty", { ...ENTRY, fields: { outcome: "failed" } })).not.toContain("✅");
    expect(formatLog("pretty", { ...ENTRY, level: "warn", fields: { outcome: "completed" } })).not.toContain(
      "✅",
    );
  });

  it("writes structured fields as JSON and the error below", () => {
    const line = formatLog("pretty", { ...ENTRY, fields: { tags: { a: 1 }, error: new Error("broke") } });
    const [first, second] = line.split("\n");
    expect(first).toMatch(/ tags=\{"a":1\}$/);
    expect(second).toBe("    Error: broke");
  });
});
