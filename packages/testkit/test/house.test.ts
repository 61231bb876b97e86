import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Sources of the workspaces and their tests, by path from the root. */
const files = ["apps", "packages", "processors", "scripts"].flatMap((group) => sourcesBelow(group));

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(node_modules|dist)$/.test(entry.name) ? [] : sourcesBelow(path);
    return /\.(ts|tsx|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function linesOf(path: string): number {
  return readFileSync(join(ROOT, path), "utf8").split("\n").length - 1;
}

/** What the design lets stand more than once: entries of packages, and what tools look for by its name. */
const COMMON = /^(index|main)\.ts$|^vitest\.config\.ts$/;

it("no two sources have one name, but for entries and the routes that are commands too", () => {
  const routes = new Set(readdirSync(join(ROOT, "apps/api/src/jobs")));
  const paths = new Map<string, string[]>();
  for (const path of files.filter((file) => !COMMON.test(basename(file))))
    paths.set(basename(path), [...(paths.get(basename(path)) ?? []), path]);
  const isRoute = (path: string) => /^apps\/(api\/src\/jobs|cli\/src\/commands)\//.test(path);
  const repeated = [...paths].filter(
    ([name, found]) => found.length > 1 && !(routes.has(name) && found.every(isRoute)),
  );
  expect(repeated).toEqual([]);
});

it("no source is longer than 250 lines, and half of them have 80 to 150", () => {
  const sources = files.filter(
    (path) => /^[^/]+\/[^/]+\/src\//.test(path) && !/^packages\/(testkit|e2e)\//.test(path),
  );
  const lengths = sources.map((path) => ({ path, lines: linesOf(path) })).sort((a, b) => a.lines - b.lines);
  expect(lengths.filter(({ lines }) => lines > 250)).toEqual([]);
  const median = lengths[Math.floor(lengths.length / 2)]?.lines;
  expect(median).toBeGreaterThanOrEqual(80);
  expect(median).toBeLessThanOrEqual(150);
});
