import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build, ensureProgram, ensurePromtool } from "./ensure.mjs";
import { root, say } from "./say.mjs";

/**
 * Lint, types, unit tests and end-to-end tests, each whatever the others gave. Prints what failed and what
 * was skipped, and closes with the line `N passed, N failed, N skipped`. The exit code is 1 when anything
 * failed or nothing ran.
 *
 * Nothing is installed on this machine unless `--install` or DROVER_INSTALL=1 asks for it; tests that miss a
 * program are skipped.
 */
export async function runTests(args) {
  const mayInstall = args.includes("--install") || process.env.DROVER_INSTALL === "1";
  const total = { passed: 0, failed: [], skipped: [] };
  add(total, "types", asOne(build()));
  // Unit tests often wait: these two run beside them.
  const lint = inBackground("node_modules/@biomejs/biome/bin/biome", ["check", "."]);
  const testTypes = inBackground("node_modules/typescript/bin/tsc", ["-p", "tsconfig.test.json"]);
  ensureProgram(["xmllint"], "libxml2-utils", { mayInstall });
  ensureProgram(["python3"], "python3", { mayInstall });
  ensureProgram(["pdftotext"], "poppler-utils", { mayInstall });
  ensureProgram(["cc", "gcc", "tcc"], "tcc", { mayInstall });
  ensureProgram(["chromium", "chromium-browser", "google-chrome"], "chromium", { mayInstall });
  ensurePromtool({ mayInstall });
  const hasRedis = await ensureRedis(mayInstall);
  const left = hasRedis ? [] : testsOnRedis();
  add(total, "unit", await vitest("unit", left));
  add(total, "lint", asOne(await lint));
  add(total, "types of tests", asOne(await testTypes));
  add(total, "end to end", await vitest("e2e", left));
  for (const file of left) total.skipped.push(`${file} (there is no Redis here)`);

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

/** Runs a program of Node to its end; resolves with how it ended. */
function run(program, args, { env = {}, output = "inherit" } = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ["ignore", output, output],
    env: { ...process.env, ...env },
  });
  return { child, end: once(child, "exit").then(([status, signal]) => ({ status, signal })) };
}

/** Runs a program and prints what it said when it has ended, and not among the lines of others. */
async function inBackground(program, args) {
  const { child, end } = run(program, args, { output: "pipe" });
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  const { status, signal } = await end;
  if (status !== 0) process.stdout.write(said.join(""));
  return { status, signal };
}

/** A program that counts as one test. */
function asOne({ status }) {
  return status === 0
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: ["see its output above"], skipped: [] };
}

/**
 * A vitest project with its own counts, but for the files to leave out; a run that ends badly without naming
 * a test counts as one failure.
 */
async function vitest(project, leftOut) {
  const folder = mkdtempSync(join(tmpdir(), "drover-test-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", `--reporter=${join(root, "scripts/count-reporter.mjs")}`];
    const args = [
      "run",
      "--project",
      project,
      ...reporters,
      ...leftOut.flatMap((path) => ["--exclude", path]),
    ];
    const { status, signal } = await run("node_modules/vitest/vitest.mjs", args, {
      env: { TEST_REPORT_FILE: file },
    }).end;
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

/**
 * Finds the Redis that the tests start, or installs one where it may.
 * @returns whether there is one.
 */
async function ensureRedis(mayInstall) {
  try {
    const { findRedisServer } = await import(`${root}packages/embedded-redis/dist/index.js`);
    await findRedisServer({ log: say, mayInstall });
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return false;
  }
}

/**
 * What a test file says that starts a Redis or a system with one; `testRedis` takes that of REDIS_URL where
 * it is set.
 */
const STARTS_REDIS = process.env.REDIS_URL
  ? /\b(startRedis|System\.start|runChaos|new CliProcess)\(/
  : /\b(testRedis|startRedis|System\.start|runChaos|new CliProcess)\(/;

/** Paths of the test files that need a Redis. */
function testsOnRedis() {
  return ["apps", "packages", "processors"]
    .flatMap((group) => readdirSync(root + group).map((workspace) => `${group}/${workspace}/test`))
    .flatMap((folder) => testFilesBelow(folder))
    .filter((path) => STARTS_REDIS.test(readFileSync(root + path, "utf8")));
}

function testFilesBelow(folder) {
  try {
    const names = readdirSync(root + folder, { recursive: true, encoding: "utf8" });
    return names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
  } catch {
    return []; // a workspace without tests
  }
}
