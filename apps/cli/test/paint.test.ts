import { expect, test, vi } from "vitest";
import { describeJobs } from "../src/show.js";
import { cutToWidth, padToWidth, painterOf, renderLine, widthOf } from "../src/terminal/paint.js";
import { jobOf, Screen } from "./fixtures.js";

const terminal = (isTTY: boolean) => new Screen({ isTTY }) as unknown as NodeJS.WriteStream;

test.each([
  ["a terminal", true, true, {}, true],
  ["a pipe", false, true, {}, false],
  ["a terminal and NO_COLOR", true, true, { NO_COLOR: "1" }, false],
  ["a pipe and FORCE_COLOR", false, true, { FORCE_COLOR: "1" }, true],
  ["a terminal and --no-color", true, false, {}, false],
  ["FORCE_COLOR and --no-color", true, false, { FORCE_COLOR: "1" }, false],
])("%s: colours as asked for", (_, isTTY, isWanted, env, isColoured) => {
  vi.stubEnv("FORCE_COLOR", undefined);
  vi.stubEnv("NO_COLOR", undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const screen = terminal(isTTY);
    const withDepth = Object.assign(screen, { getColorDepth: depthOf });
    const painted = painterOf(withDepth, isWanted)("bad", "x");
    expect(painted).toBe(isColoured ? "\u001b[31mx\u001b[39m" : "x");
  } finally {
    vi.unstubAllEnvs();
  }
});

/** As of a terminal of 256 colours: `tty.WriteStream` reads the environment. */
function depthOf(): number {
  return process.env["NO_COLOR"] ? 1 : 8;
}

test("wide characters take two columns, and none is cut in half", () => {
  expect(["abc", "日本", "é", "e\u0301", "👩‍👩‍👧"].map(widthOf)).toEqual([3, 4, 1, 1, 2]);
  expect(cutToWidth("日本語", 6)).toBe("日本語");
  expect(cutToWidth("日本語", 5)).toBe("日本…");
  expect(cutToWidth("日本語", 4)).toBe("日…");
  expect(cutToWidth("ae\u0301b", 2)).toBe("a…");
  expect(cutToWidth("abc", 0)).toBe("");
  expect(padToWidth("日本", 6)).toBe("日本  ");
});

test("a line is cut by what is seen of it, colours aside, and each colour is ended", () => {
  const paint = (tone: string, text: string) => `<${tone}>${text}</>`;
  const pieces = ["ab ", ["bad", "failed"], " and more"] as const;
  expect(renderLine(pieces, 100, paint)).toBe("ab <bad>failed</> and more");
  expect(renderLine(pieces, 6, paint)).toBe("ab <bad>fa…</>");
  expect(renderLine(pieces, 9, paint)).toBe("ab <bad>failed</>");
});

test("a table is no wider than its terminal, its columns are even, and no cell steers the terminal", () => {
  const jobs = [
    jobOf({ processor: "日本", input: { ...jobOf().input, filename: "報告書\u001b[2J.csv" } }),
    jobOf({ processor: "checksum", status: "completed" }),
  ];
  const [first = "", second = ""] = describeJobs(jobs, { columns: 96 }).split("\n");
  expect(Math.max(widthOf(first), widthOf(second))).toBeLessThanOrEqual(96);
  expect(first).toContain("日本      queued     0 %  2026-");
  expect(second).toContain("checksum  completed  0 %  2026-");
  expect(describeJobs(jobs)).toContain("報告書\\u001b[2J.csv\n");
});
