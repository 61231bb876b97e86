/**
 * `npm run mutate [-- --only <text>]`: breaks the code row by row, in a copy of the repository, and shows that the test of each row turns
 * red. First every named test has to be green. Exit code 1 when a test stayed green, or a row does not fit the code any more.
 */
import { parseArgs } from "node:util";
import { type Mutation, readMutations, troubleOf } from "./mutation.js";
import { type NamedTests, runNamedTests } from "./named-tests.js";
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
  for (const line of notGreen) console.log(`NOT GREEN  ${line}`);
  if (notGreen.length > 0) return false;
  const verdicts = rows.map((row) => {
    const startedAt = performance.now();
    const { verdict, why } = judge(row);
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
    return ends.length === 0
      ? { verdict: "BROKEN", why: "\n                 no such test ran" }
      : { verdict: "GREEN", why: "" };
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

/** Titles that name no test, or one that does not pass. */
function notGreenOf(tests: NamedTests): readonly string[] {
  const ends = runNamedTests(copy.folder, tests);
  const failed = ends.filter(({ status }) => status !== "passed").map(({ title }) => title);
  const absent = ends.length < tests.titles.length ? ["fewer tests ran than are named"] : [];
  return [...failed, ...absent].map((line) => `${tests.test}: ${line}`);
}
