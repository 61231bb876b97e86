import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, checkTests, ensureProgram } from "./ensure.mjs";
import { root, say } from "./say.mjs";

/**
 * Lint, types, unit tests and end-to-end tests, each whatever the others gave. Prints what failed and what was skipped, and closes with
 * the line `N passed, N failed, N skipped`. The exit code is 1 when anything failed or nothing ran.
 */
export async function runTests() {
  const total = { passed: 0, failed: [], skipped: [] };
  add(total, "lint", asOne(run("node_modules/@biomejs/biome/bin/biome", ["check", "."])));
  add(total, "types", asOne(build()));
  add(total, "types of tests", asOne(checkTests()));
  ensureProgram(["xmllint"], "libxml2-utils");
  ensureProgram(["chromium", "chromium-browser", "google-chrome"], "chromium");
  await ensureRedis();
  add(total, "unit", vitest("unit"));
  add(total, "end to end", vitest("e2e"));

  for (const name of total.failed) process.stdout.write(`failed: ${name}\n`);
  for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
  process.stdout.write(
    `${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped\n`,
  );
  process.exitCode = total.failed.length > 0 || total.passed === 0 ? 1 : 0;
}

function add(total, suite, { passed, failed, skipped }) {
  say(`${suite}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  total.passed += passed;
  total.failed.push(...failed.map((name) => `${suite}: ${name}`));
  total.skipped.push(...skipped.map((name) => `${suite}: ${name}`));
}

function run(program, args, env = {}) {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
}

/** A program that counts as one test. */
function asOne({ status }) {
  return status === 0
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: ["see its output above"], skipped: [] };
}

/** A vitest project with its own counts; a run that ends badly without naming a test counts as one failure. */
function vitest(project) {
  const folder = mkdtempSync(join(tmpdir(), "drover-test-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", `--reporter=${join(root, "scripts/count-reporter.mjs")}`];
    const args = ["run", "--project", project, ...reporters];
    const { status, signal } = run("node_modules/vitest/vitest.mjs", args, { TEST_REPORT_FILE: file });
    const report = readReport(file);
    if (report.passed + report.failed.length === 0) report.failed.push("no test ran");
    else if (status !== 0 && report.failed.length === 0)
      report.failed.push(`vitest ended with ${signal ?? status}`);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: [], skipped: [] }; // vitest ended before it could report
  }
}

/** Finds or installs the Redis that the tests start, before several of them try at once. Without one the tests say what is missing. */
async function ensureRedis() {
  if (process.env.REDIS_URL) return say("tests use the Redis of REDIS_URL");
  try {
    const { findRedisServer } = await import(`${root}packages/embedded-redis/dist/index.js`);
    await findRedisServer({ log: say });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}
