import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type FileScan, scanSource } from "./scan.js";

/** A workspace as it lies on disk. */
export interface Workspace {
  /** Folder relative to the root, as `packages/core`. */
  readonly folder: string;
  readonly name: string;
  /** Names in `dependencies`, `peerDependencies` and `optionalDependencies`. */
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly files: readonly SourceFile[];
}

export interface SourceFile extends FileScan {
  /** Relative to the workspace, with "/", as `src/main.ts`. */
  readonly path: string;
}

/** Every workspace below `packages/`, `apps/` and `processors/` of `root`, its sources parsed. */
export async function readWorkspaces(root: string): Promise<readonly Workspace[]> {
  const folders = await Promise.all(
    ["packages", "apps", "processors"].map((group) => foldersIn(root, group)),
  );
  return Promise.all(folders.flat().map((folder) => readWorkspace(root, folder)));
}

async function foldersIn(root: string, group: string): Promise<string[]> {
  const entries = await readdir(join(root, group), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${group}/${entry.name}`);
}

async function readWorkspace(root: string, folder: string): Promise<Workspace> {
  const base = join(root, folder);
  const manifest: PackageJson = JSON.parse(await readFile(join(base, "package.json"), "utf8"));
  const paths = await sourcesBelow(base);
  return {
    folder,
    name: manifest.name,
    dependencies: Object.keys({
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...manifest.optionalDependencies,
    }),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    files: await Promise.all(
      paths.map(async (path) => ({
        path: relative(base, path).replaceAll("\\", "/"),
        ...scanSource(path, await readFile(path, "utf8")),
      })),
    ),
  };
}

interface PackageJson {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function sourcesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        return ["node_modules", "dist"].includes(entry.name) ? [] : sourcesBelow(path);
      }
      return /\.[cm]?[jt]sx?$/.test(entry.name) ? [path] : [];
    }),
  );
  return found.flat();
}
