import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(
  readFileSync(new URL("../../../package-lock.json", import.meta.url), "utf8"),
) as {
  packages: Readonly<Record<string, LockedPackage>>;
};

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
});
