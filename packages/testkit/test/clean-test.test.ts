import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url).pathname;
const CONFIG = new URL("./fixtures/unclean/vitest.config.ts", import.meta.url).pathname;

interface Report {
  readonly passed: number;
  readonly failed: readonly string[];
}

let report: Report;

describe("of tests that are not clean", () => {
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-unclean-"));
    const file = join(folder, "report.json");
    const reporter = `--reporter=${join(ROOT, "scripts/count-reporter.mjs")}`;
    const args = [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--config", CONFIG, reporter];
    const env = { PATH: process.env["PATH"] ?? "", TEST_REPORT_FILE: file };
    await new Promise((resolve) => execFile(process.execPath, args, { cwd: ROOT, env }, resolve));
    report = JSON.parse(await readFile(file, "utf8"));
    await rm(folder, { recursive: true });
  });

  const reason = (title: string) => report.failed.find((line) => line.includes(title));

  test.each(["prints through the console", "prints to a stream", "is warned by Node"])(
    "one that %s fails",
    (title) => {
      expect(reason(title)).toBeDefined();
    },
  );

  test("a file that leaves a timer, a server or a child fails, naming each", () => {
    expect(reason("leaves.test.ts")).toMatch(/1 Timeout.*child sleep 20/);
    expect(reason("leaves.test.ts")).toMatch(/1 TCPServerWrap/);
    expect(reason("leaves.test.ts")).toMatch(/1 ProcessWrap/);
  });

  test("a rejection that nobody handles fails the run", () => {
    expect(reason("a rejection of a test")).toMatch(/^outside of any test/);
  });

  test("those that are clean pass, and nothing else fails", () => {
    // Passed: the two clean tests, and those two whose file or run failed instead.
    expect(report).toMatchObject({ passed: 4, failed: expect.objectContaining({ length: 5 }) });
  });
});
