/**
 * What `npm pack` and `npm publish` call in the folder of a published workspace. `pack.mjs prepack` makes
 * sure of the build, unless DROVER_IS_BUILT=1 says that it is there, and copies the private workspaces that
 * it needs to `dist/node_modules`, where its own files find them by their names, with their types when it has
 * types itself; their dependencies are its own. `pack.mjs postpack` removes the copies: while they are there,
 * they hide the workspaces from it. Not npm's bundleDependencies: npm 11 cannot install a repository that has
 * a workspace with some.
 */
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./say.mjs";
import { carriedWorkspaces, dependencyMistakes, publishedWorkspaces } from "./workspaces.mjs";

/** Removes what `prepack` copied for any workspace: a pack that was killed left it behind. */
export function removeCopies() {
  for (const { folder } of publishedWorkspaces()) removeCopiesIn(folder);
}

function removeCopiesIn(folder) {
  rmSync(join(folder, COPIES), { recursive: true, force: true });
}

const COPIES = "dist/node_modules";

function prepack(workspace) {
  const mistakes = dependencyMistakes(workspace);
  if (mistakes.length > 0) stop(mistakes.join("\n"));
  removeCopiesIn(workspace.folder);
  if (process.env.DROVER_IS_BUILT !== "1") build();
  const isTyped = workspace.manifest.exports["."]?.types !== undefined;
  for (const carried of carriedWorkspaces(workspace))
    copy(carried, join(workspace.folder, COPIES), isTyped ? /\.map$/ : /\.(map|d\.ts)$/);
}

/** Says nothing on stdout, which `npm pack --json` is read from. */
function build() {
  for (const args of [["node_modules/typescript/bin/tsc", "-b"], ["apps/console/build.mjs"]]) {
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
    if (status !== 0) stop("The build failed.");
  }
}

/** In a workspace's own folder, what is not needed to run it. */
const NOT_RUN = /^(\..*|node_modules|src|test|bench|tsconfig.*\.json|.*\.tsbuildinfo)$/;

function copy({ folder, manifest }, modules, isLeftOut) {
  const to = join(modules, manifest.name);
  const filter = (path) => !isLeftOut.test(basename(path));
  for (const name of readdirSync(folder).filter((entry) => !NOT_RUN.test(entry)))
    cpSync(join(folder, name), join(to, name), { recursive: true, filter });
  const { devDependencies: _, dependencies: _those, ...rest } = manifest;
  writeFileSync(join(to, "package.json"), `${JSON.stringify(rest, null, 2)}\n`);
}

function stop(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

const isStarted =
  process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href;
if (isStarted) {
  const folder = realpathSync(process.cwd());
  const workspace = publishedWorkspaces().find((each) => realpathSync(each.folder) === folder);
  if (workspace === undefined) stop(`${folder} is no published workspace.`);
  if (process.argv[2] === "prepack") prepack(workspace);
  else removeCopiesIn(folder);
}
