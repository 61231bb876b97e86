/**
 * `npm run mutate [-- --only <text>]`: breaks the code row by row, in a copy of the repository, and shows
 * that the test of each row turns red. First the named tests are run on the code as it is: a row whose test
 * is not green then shows nothing. Exit code 1 when a test stayed green, was not green before, or a row does
 * not fit the code any more.
 */
import { parseArgs } from "node:util";
import { type Mutation, readMutations, troubleOf } from "./mutation.js";
import { isNamed, type NamedTests, runNamedTests } from "./named-tests.js";
import { WorkingCopy } from "./working-copy.js";

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const wanted = values.only.toLowerCase();
const rows = readMutations().filter((row) =>
  `${row.what} ${row.test} ${row.title}`.toLowerCase().includes(wanted),
);

interface Verdict {
  readonly verdict: "red" | "GREEN" | "BROKEN";
  readonly why: string;
}

const NOT_GREEN: Verdict = { verdict: "BROKEN", why: "\n                 is not green on the code as it is" };

const copy = new WorkingCopy();
try {
  process.exitCode = run() ? 0 : 1;
} finally {
  copy.remove();
}

function run(): boolean {
  console.log(`${rows.length} rows; first their tests on the code as it is`);
  const complaints = copy.build();
  if (complaints !== undefined) {
    console.log(complaints);
    return false;
  }
  const notGreen = byFile(rows).flatMap(notGreenOf);
  const verdicts = rows.map((row) => {
    const startedAt = performance.now();
    const isGreen = !notGreen.some(({ test, title }) => test === row.test && title === row.title);
    const { verdict, why } = isGreen ? judge(row) : NOT_GREEN;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6);
    console.log(
      `${verdict.padEnd(6)} ${seconds} s  ${row.what}\n                 ${row.test}: ${row.title}${why}`,
    );
    return verdict;
  });
  const red = verdicts.filter((verdict) => verdict === "red").length;
  console.log(`${red} of ${rows.length} rows turned their test red`);
  return rows.length > 0 && red === rows.length;
}

function judge(row: Mutation): Verdict {
  const trouble = troubleOf(row);
  if (trouble !== undefined) return { verdict: "BROKEN", why: `\n                 ${trouble}` };
  const restore = copy.apply(row);
  try {
    const complaints = copy.build();
    if (complaints !== undefined) return { verdict: "BROKEN", why: `\n${complaints}` };
    const ends = runNamedTests(copy.folder, { ...row, titles: [row.title] });
    if (ends.some(({ status }) => status === "failed")) return { verdict: "red", why: "" };
    return ends.some(({ status }) => status === "passed")
      ? { verdict: "GREEN", why: "" }
      : // Its set-up failed, or no test has the title.
        { verdict: "BROKEN", why: "\n                 the test did not run" };
  } finally {
    restore();
  }
}

function byFile(all: readonly Mutation[]): readonly NamedTests[] {
  const files = new Map<string, NamedTests>();
  for (const { project, test, title } of all) {
    const titles = files.get(test)?.titles ?? [];
    files.set(test, { project, test, titles: titles.includes(title) ? titles : [...titles, title] });
  }
  return [...files.values()];
}

/**
 * Titles that name no test, or one that does not pass. Tries twice: a machine that is busy can make a test
 * late.
 */
function notGreenOf(tests: NamedTests): readonly { readonly test: string; readonly title: string }[] {
  const missing = titlesNotPassed(tests);
  const left = missing.length === 0 ? [] : titlesNotPassed({ ...tests, titles: missing });
  return left.map((title) => ({ test: tests.test, title }));
}

function titlesNotPassed(tests: NamedTests): readonly string[] {
  const ends = runNamedTests(copy.folder, tests);
  return tests.titles.filter((title) => {
    const own = ends.filter((end) => isNamed(end, title));
    return own.length === 0 || own.some(({ status }) => status !== "passed");
  });
}
