import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const GROUPS = ["apps", "packages", "processors", "scripts"];

/** Files of the workspaces, by path from the root, but for what is installed or built. */
const files = GROUPS.flatMap((group) => filesBelow(group));

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return /^(node_modules|dist)$/.test(entry.name) ? [] : filesBelow(`${folder}/${entry.name}`);
    return [`${folder}/${entry.name}`];
  });
}

describe.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("%s", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");

  it("names no file that is not there", () => {
    const named = [...text.matchAll(/`(\w[\w./-]*\.(?:ts|mjs|json))`/g)].map(([, path = ""]) => path);
    expect(named.length).toBeGreaterThan(5);
    const isThere = (path: string) =>
      existsSync(join(ROOT, path)) || files.some((file) => file.endsWith(`/${path}`));
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });

  it("links to no page that is not there", () => {
    const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = ""]) => path);
    expect(linked.length).toBeGreaterThan(1);
    expect(linked.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
