import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readMutations, troubleOf } from "../mutate/mutation.js";

/** `npm run mutate` takes many minutes and is run by hand; that its rows still fit the code is seen here. */
describe("npm run mutate", () => {
  const rows = readMutations();
  const suitesFolder = join(ROOT, "packages/testkit/src");
  const suites = readdirSync(suitesFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(suitesFolder, name), "utf8"))
    .join("\n");

  it.each(rows)("«$what» breaks text that is there once", (row) => {
    expect(troubleOf(row)).toBeUndefined();
  });

  it("an invented title names no test", () => {
    const source = readFileSync(join(ROOT, "packages/e2e/test/damaged-records.test.ts"), "utf8");
    expect(titlesOf(source).some((pattern) => pattern.test("a title that somebody made up"))).toBe(false);
  });

  it.each(rows)("the test «$title» exists", ({ test, title }) => {
    const source = `${readFileSync(join(ROOT, test), "utf8")}${suites}`;
    expect(source.includes(title) || titlesOf(source).some((pattern) => pattern.test(title))).toBe(true);
  });
});

/** Characters of literal text without which a title of placeholders fits anything. */
const TELLING = 4;

/**
 * Texts in a test file, of which titles are some; a `%s` or `$name` of a table standing for anything. Those
 * of little else tell nothing.
 */
function titlesOf(source: string): readonly RegExp[] {
  return [...source.matchAll(/(["`])((?:(?!\1).)+)\1/g)]
    .map(([, , title = ""]) => title.split(/%[sijd]|\$\{[^}]*\}|\$\w+/))
    .filter((words) => words.join("").length >= TELLING)
    .map(
      (words) => new RegExp(words.map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&")).join(".*")),
    );
}
