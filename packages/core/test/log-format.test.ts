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

  it("tells a thrown value that is no error", () => {
    expect(JSON.parse(formatLog("json", { ...ENTRY, fields: { error: "just text" } })).error).toBe(
      "just text",
    );
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
    expect(second).toBe("Error: broke");
  });
});
