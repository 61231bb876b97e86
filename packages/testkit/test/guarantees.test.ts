import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const guarantees = readFileSync(`${root}docs/guarantees.md`, "utf8");
const named = [...guarantees.matchAll(/«([^»]+)»/g)].map((match) => match[1] ?? "");
const tests = ["apps", "packages", "processors"]
  .flatMap((group) => readdirSync(root + group).map((workspace) => `${root}${group}/${workspace}/test/`))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => folder + file),
  )
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

describe("docs/guarantees.md", () => {
  it("names a test for every promise", () => {
    const promises = guarantees.split("\n").filter((line) => /^\| \d+ \|/.test(line));
    expect(promises.length).toBeGreaterThan(10);
    for (const promise of promises) expect(promise).toContain("«");
  });

  it.each(named)("the test «%s» exists", (title) => {
    expect(tests).toContain(title);
  });
});
