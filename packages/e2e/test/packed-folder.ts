import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publishedWorkspaces, readWorkspaces } from "../../../scripts/workspaces.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const run = promisify(execFile);

/** An empty folder in which the packed tarballs were installed, far from the repository. */
export interface PackedFolder {
  readonly path: string;
  /** The tarballs' paths by package. */
  readonly tarballs: ReadonlyMap<string, string>;
  /** A package's own file. */
  read(name: string, file: string): Promise<string>;
  /** Runs a program in it; answers what it printed, and throws with that when it fails. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Packs every published workspace and installs the tarballs, and what they depend on.
 * @returns why not, where no registry answers.
 */
export async function packedFolder(): Promise<PackedFolder | string> {
  if (!(await hasRegistry())) return "no npm registry answers";
  const folder = await mkdtemp(join(tmpdir(), "drover-packed-"));
  const path = join(folder, "project");
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 20 });
  try {
    await mkdir(path);
    const tarballs = await pack(folder);
    const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs.values()];
    await run("npm", install, { cwd: path, env: environment() });
    return {
      path,
      tarballs,
      read: (name, file) => readFile(join(path, "node_modules", name, file), "utf8"),
      async run(program, args, env = {}) {
        const { stdout } = await run(program, args, { cwd: path, env: { ...environment(), ...env } });
        return stdout;
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Asked once with little patience: an install would try again for minutes. */
function hasRegistry(): Promise<boolean> {
  const ask = ["view", "zod", "version", "--prefer-online", "--fetch-retries=0", "--fetch-timeout=10000"];
  return run("npm", ask, { cwd: tmpdir(), env: environment(), timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * This process's environment without what npm and the test runner put there, and without Drover's settings.
 */
function environment(): Record<string, string | undefined> {
  const isForeign = (name: string) =>
    /^(npm_(?!config_registry$)|INIT_CWD$|VITEST|NODE_(?!EXTRA)|DROVER_|REDIS_URL$|PORT$|HOST$|LOG_)/i.test(
      name,
    );
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name))),
    SCARF_ANALYTICS: "false", // of swagger-ui-express: it would report the installation
  };
}

/** `npm pack` in a copy of the repository: while it packs, a workspace is not what other tests run. */
async function pack(folder: string): Promise<ReadonlyMap<string, string>> {
  const copy = join(folder, "repository");
  await copyRepository(copy);
  const names = publishedWorkspaces().map(({ manifest }) => manifest.name);
  const options = ["--ignore-scripts=false", "--json", "--pack-destination", folder];
  const args = ["pack", ...options, ...names.flatMap((name) => ["-w", name])];
  const { stdout } = await run("npm", args, {
    ...{ cwd: copy, maxBuffer: 16 << 20 },
    env: { ...environment(), DROVER_IS_BUILT: "1" },
  });
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as readonly {
    name: string;
    filename: string;
  }[];
  return new Map(packed.map(({ name, filename }) => [name, join(folder, filename)]));
}

async function copyRepository(to: string): Promise<void> {
  const isLeftOut = (path: string) =>
    /^(\.git|\.drover|node_modules|coverage|snippets-.*)$/.test(basename(path));
  await cp(ROOT, to, { recursive: true, preserveTimestamps: true, filter: (path) => !isLeftOut(path) });
  for (const modules of modulesIn(ROOT)) await linkModules(modules, join(to, relative(ROOT, modules)));
}

/** The repository's node_modules and those of its workspaces. */
function modulesIn(root: string): readonly string[] {
  const folders = [root, ...readWorkspaces().map(({ folder }) => folder)];
  return folders.map((folder) => join(folder, "node_modules")).filter(existsSync);
}

/** Packages are those of the repository; links to workspaces lead to those of the copy. */
async function linkModules(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.name === "@drover") await linkModules(source, target);
    else await symlink(source, target);
  }
}
