import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./mutation.js";

/** Tests of one file, by parts of their titles. */
export interface NamedTests {
  readonly project: string;
  readonly test: string;
  readonly titles: readonly string[];
}

export interface TestEnd {
  readonly title: string;
  /** With the titles of the suites around it in front. */
  readonly fullName: string;
  readonly status: "passed" | "failed" | "skipped";
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
/** A broken program may hang; its test has a time limit of its own, which is shorter. In ms. */
const LIMIT_MS = 600_000;

/**
 * Runs the named tests, and no others, in the folder.
 * @returns how each ended; none when the file could not be loaded.
 */
export function runNamedTests(folder: string, { project, test, titles }: NamedTests): readonly TestEnd[] {
  const report = join(folder, "named-tests.json");
  rmSync(report, { force: true });
  const pattern = titles.map((title) => title.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join("|");
  const args = [
    "run",
    "--project",
    project,
    test,
    "-t",
    pattern,
    "--reporter=json",
    `--outputFile=${report}`,
  ];
  spawnSync(process.execPath, [VITEST, ...args], { cwd: folder, stdio: "ignore", timeout: LIMIT_MS });
  return readReport(report)
    .testResults.flatMap(({ assertionResults }) => assertionResults)
    .map(({ title, fullName, status }) => ({ title, fullName, status: statusOf(status) }))
    .filter((end) => titles.some((wanted) => isNamed(end, wanted)));
}

/** Whether the test has the part of a title in its own, or in those of its suites. */
export function isNamed({ fullName }: Pick<TestEnd, "fullName">, part: string): boolean {
  return fullName.includes(part);
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return { testResults: [] };
  }
}

function statusOf(status: string): TestEnd["status"] {
  return status === "passed" || status === "failed" ? status : "skipped";
}
