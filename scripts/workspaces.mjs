import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./say.mjs";

/**
 * A workspace of the repository: `{ folder, manifest }`, the folder absolute, the manifest its package.json.
 */
export function readWorkspaces() {
  return readManifest(root)
    .workspaces.map((pattern) => join(root, pattern.replace(/\/\*$/, "")))
    .flatMap((group) => readdirSync(group).map((name) => join(group, name)))
    .flatMap((folder) => {
      const manifest = readManifest(folder);
      return manifest === undefined ? [] : [{ folder, manifest }];
    });
}

/** The workspaces that go to a registry: those that are not private. */
export function publishedWorkspaces() {
  return readWorkspaces().filter(isPublished);
}

/**
 * The private workspaces that travel in the tarball of a published one: those of its devDependencies that its
 * source names, and what they depend on.
 */
export function carriedWorkspaces({ folder, manifest }) {
  const all = new Map(readWorkspaces().map((workspace) => [workspace.manifest.name, workspace]));
  const source = sourceOf(folder);
  const carried = new Map();
  const visit = (names) => {
    for (const name of names) {
      const workspace = all.get(name);
      if (workspace === undefined || isPublished(workspace) || carried.has(name)) continue;
      carried.set(name, workspace);
      visit(Object.keys(workspace.manifest.dependencies ?? {}));
    }
  };
  visit(
    Object.keys(manifest.devDependencies ?? {}).filter((name) => new RegExp(`["'\`]${name}\\b`).test(source)),
  );
  return [...carried.values()];
}

/**
 * What is wrong with the dependencies of a published workspace, a sentence each. None when they have all that
 * it and the private ones in its tarball need, each in a range from the version that the repository is tested
 * with.
 */
export function dependencyMistakes(workspace) {
  const { name, dependencies = {} } = workspace.manifest;
  const workspaces = new Map(readWorkspaces().map((each) => [each.manifest.name, each]));
  const needed = carriedWorkspaces(workspace).flatMap(({ manifest }) =>
    Object.entries(manifest.dependencies ?? {}),
  );
  const mistakes = new Set();
  for (const [dependency, version] of [...Object.entries(dependencies), ...needed]) {
    const own = workspaces.get(dependency);
    if (own !== undefined && !isPublished(own)) {
      if (dependency in dependencies)
        mistakes.add(`${dependency} is private: it belongs to the devDependencies.`);
      continue;
    }
    const wanted = own?.manifest.version ?? version.replace(/^[~^]/, "");
    if (![`^${wanted}`, `~${wanted}`].includes(dependencies[dependency]))
      mistakes.add(`the dependencies need "${dependency}": "^${wanted}".`);
  }
  return [...mistakes].map((mistake) => `${name}: ${mistake}`);
}

function isPublished({ manifest }) {
  return manifest.private !== true;
}

function sourceOf(folder) {
  const source = join(folder, "src");
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(join(source, path), "utf8"))
    .join("\n");
}

function readManifest(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined; // no workspace
    throw error;
  }
}
