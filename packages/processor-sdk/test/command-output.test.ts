import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OutputLines, readOutputLine } from "../src/command-output.js";

const linesOf = (chunks: readonly (string | Buffer)[]) => {
  const found: string[] = [];
  const lines = new OutputLines((line) => found.push(line));
  for (const chunk of chunks) lines.push(Buffer.from(chunk));
  lines.end();
  return found;
};

describe("a line of output", () => {
  it.each([
    ['{"progress": 42.5}', { kind: "report", progress: 42.5 }],
    ['{"progress":1,"stage":"s","message":"m"}', { kind: "report", progress: 1, stage: "s", message: "m" }],
    ['{"result": null}', { kind: "report", result: { value: null } }],
    ['{"result": {"a": 1}}', { kind: "report", result: { value: { a: 1 } } }],
    ['{"error": "No header."}', { kind: "report", error: "No header." }],
    ['{"log": "hello", "level": "warn"}', { kind: "log", level: "warn", text: "hello" }],
    ['{"log": "hello"}', { kind: "log", level: "info", text: "hello" }],
  ])("%s is of the protocol", (line, expected) => {
    expect(readOutputLine(line)).toEqual(expected);
  });

  it.each([
    "plain words",
    "",
    "{",
    "{}",
    "[1]",
    '{"progress": "half"}',
    '{"progress": 1, "rows": 5}',
    '{"log": "x", "level": "loud"}',
    '{"log": "x", "progress": 1}',
    '{"log": 5}',
    '{"__proto__": 1}',
  ])("%s is a line of the log", (line) => {
    expect(readOutputLine(line)).toEqual({ kind: "log", level: "info", text: line });
  });
});

describe("lines", () => {
  it("are the same however the bytes are cut", () => {
    const text = 'één\r\ntwee\n\n{"progress": 1}\nlast';
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 })), (cuts) => {
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.sort((a, b) => a - b).map((cut) => Math.min(cut, bytes.length)), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(linesOf(chunks)).toEqual(["één", "twee", '{"progress": 1}', "last"]);
      }),
    );
  });

  it("that are endless are cut, and what is no UTF-8 is marked", () => {
    const endless = Array.from({ length: 64 }, () => "x".repeat(65_536));
    expect(linesOf([...endless, "\nnext\n"]).map((line) => line.length)).toEqual([131_072, 4]);
    expect(linesOf([Buffer.from([0x61, 0xff, 0x0a])])).toEqual(["a\ufffd"]);
  });
});
