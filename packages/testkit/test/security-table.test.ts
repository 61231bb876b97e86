import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(`${ROOT}docs/security.md`, "utf8");

/** Rows that begin with the word, as their cells. */
function rows(word: RegExp): readonly (readonly string[])[] {
  const lines = page.split("\n").filter((line) => word.test(line));
  return lines.map((line) => line.split("|").map((cell) => cell.trim()));
}

it("names tests for each row of OWASP's API Top 10 and each chapter of ASVS 5.0, and no file that is not there", () => {
  const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n");
  const tests = new Set(tracked.map((path) => path.split("/").at(-1)));
  const owasp = rows(/^\| API\d+ /);
  const asvs = rows(/^\| V\d+ /);
  expect(owasp.map(([, name = ""]) => name.split(" ")[0])).toEqual(
    Array.from({ length: 10 }, (_, i) => `API${i + 1}`),
  );
  expect(asvs.map(([, name = ""]) => name.split(" ")[0])).toEqual(
    Array.from({ length: 17 }, (_, i) => `V${i + 1}`),
  );
  for (const row of [...owasp, ...asvs]) {
    const [, name = ""] = row;
    const named = [...(row.at(-2) ?? "").matchAll(/`([a-z0-9-]+\.test\.ts)`/g)].map(([, file]) => file);
    if (!name.startsWith("V17")) expect([name, named.length > 0]).toEqual([name, true]);
    expect([name, named.filter((file) => !tests.has(file))]).toEqual([name, []]);
  }
});
