import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

const { packages } = JSON.parse(read("package-lock.json")) as {
  packages: Readonly<Record<string, LockedPackage>>;
};

/** Name of the package that stands at a path of the lockfile. */
const nameAt = (path: string) => path.split("node_modules/").at(-1);

/** Cells of the rows of the table below a heading of docs/dependencies.md. */
function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = read("docs/dependencies.md").split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `(.+) \|$/gm)].map(([, row = ""]) => row.replace("`", "").split(" | "));
}

/** Whether a version reaches the floor of its major; majors above all floors do. */
function reaches(version: string, floors: readonly string[]): boolean {
  const majorOf = (text: string) => Number.parseInt(text, 10);
  const own = floors.find((floor) => majorOf(floor) === majorOf(version));
  if (own === undefined) return floors.every((floor) => majorOf(version) > majorOf(floor));
  return version.localeCompare(own, "en", { numeric: true }) >= 0;
}

describe("package-lock.json", () => {
  it("names no registry host", () => {
    const hosts = Object.values(packages).filter((entry) => entry.resolved?.includes("://") === true);
    expect(hosts).toEqual([]);
  });

  // npm leaves out what it could not look up, and then `npm ci` refuses the lock on every machine, or a
  // platform goes without its binary.
  it("has an entry for the binaries of every platform, not only of the one that it was written on", () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  const floors = tableBelow("Oldest versions").map(([name = "", versions = ""]) => ({
    name,
    versions: versions.split(", "),
  }));

  it("has no package that is older than docs/dependencies.md allows", () => {
    expect(floors.length).toBeGreaterThan(30);
    for (const { name, versions } of floors) {
      const found = Object.entries(packages).filter(([path]) => nameAt(path) === name);
      expect(found, `${name} is not there: its row is left over`).not.toEqual([]);
      const tooOld = found.filter(([, { version = "0" }]) => !reaches(version, versions));
      expect(tooOld.map(([path, { version }]) => `${path}@${version}`)).toEqual([]);
    }
  });

  it.each([
    ["2.2.0", ["2.3.0"], false],
    ["2.10.0", ["2.3.0"], true],
    ["1.9.9", ["2.3.0"], false],
    ["3.0.0", ["2.3.0"], true],
    ["2.1.3", ["2.1.4", "3.1.1"], false],
    ["2.1.5", ["2.1.4", "3.1.1"], true],
  ])("takes %s for what a floor of %s says: %s", (version, versions, isTaken) => {
    expect(reaches(version, versions)).toBe(isTaken);
  });

  it("has the install scripts that docs/dependencies.md knows, none of which runs", () => {
    const scripted = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true);
    const known = tableBelow("Install scripts").map(([name]) => name);
    expect(scripted.map(([path]) => nameAt(path)).sort()).toEqual(known.sort());
    expect(read(".npmrc").split("\n")).toContain("ignore-scripts=true");
  });
});
