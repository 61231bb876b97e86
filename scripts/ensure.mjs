import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { removeCopies } from "./pack.mjs";
import { root, say } from "./say.mjs";

/**
 * Installs the dependencies unless node_modules holds what the lockfile says. Ends the process when npm
 * fails.
 */
export function ensureDependencies() {
  const reason = whyInstall();
  if (reason === undefined) return say("dependencies are up to date");
  say(`${reason}: npm ci`);
  const seconds = timed(() => stopOnFailure(spawnSync("npm", ["ci", "--include=dev"], inRoot)));
  say(`dependencies installed in ${seconds} s`);
}

/** Compiles what changed. Ends the process when the compiler finds errors. */
export function ensureBuild() {
  removeCopies(); // of a pack that was killed: they would run instead of what is built here
  const seconds = timed(() => stopOnFailure(build()));
  say(`build is up to date (${seconds} s)`);
}

/** The compiler's run, and if it went well that of the console's bundler; output on this process's streams. */
export function build() {
  const compiled = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], inRoot);
  return compiled.status === 0 ? spawnSync(process.execPath, ["apps/console/build.mjs"], inRoot) : compiled;
}

const inRoot = { cwd: root, stdio: "inherit" };

/**
 * Why node_modules is not what the lockfile says. Compared by content with the copy that npm keeps in
 * node_modules: times lie after a checkout, and after an `npm install`, which writes the lockfile last.
 */
function whyInstall() {
  const copy = join(root, "node_modules/.package-lock.json");
  if (!existsSync(copy)) return "dependencies are missing";
  const installed = packagesOf(copy);
  for (const [path, wanted] of Object.entries(packagesOf(join(root, "package-lock.json")))) {
    if (path === "" || !path.includes("node_modules/")) continue; // the workspaces themselves
    const found = installed[path];
    const mayBeAbsent = wanted.optional === true || wanted.devOptional === true || wanted.peer === true;
    if (found === undefined && mayBeAbsent) continue; // for another platform
    const isOther = wanted.integrity !== undefined && found?.integrity !== wanted.integrity;
    const hasMoved = wanted.link === true && found?.resolved !== wanted.resolved; // a workspace
    if (found?.version !== wanted.version || isOther || hasMoved) {
      return `dependencies differ from package-lock.json (${path.split("node_modules/").at(-1)})`;
    }
  }
  return undefined;
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
}

/**
 * Makes sure of a program that tests need, under its first name or one of the others: where `mayInstall`, by
 * apt-get on Debian and Ubuntu as root. Says so where it stays missing; the tests that need the program skip
 * themselves.
 */
export function ensureProgram([program, ...otherNames], aptPackage, { mayInstall }) {
  if ([program, ...otherNames].some(onPath)) return;
  if (!mayInstall || process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    say(
      `${program} is missing (Debian, Ubuntu: sudo apt-get install ${aptPackage}); tests that need it ` +
        "are skipped",
    );
    return;
  }
  say(`${program} is missing: apt-get install ${aptPackage}`);
  const quiet = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  const install = ["install", "-y", "--no-install-recommends", aptPackage];
  const ok = [["update"], install].every((args) => spawnSync("apt-get", args, quiet).status === 0);
  if (!ok) say(`${program} could not be installed; tests that need it are skipped`);
}

/** Where promtool is put that is not installed; `packages/testkit/src/promtool.ts` looks there too. */
const PROMTOOL = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "drover/promtool");

/**
 * Makes sure of Prometheus' checker of metrics and rules: where `mayInstall` on Debian and Ubuntu, taken out of
 * the package of the server (19 MB), which itself is not installed: it would be started.
 */
export function ensurePromtool({ mayInstall }) {
  if (onPath("promtool") || existsSync(PROMTOOL)) return;
  if (!mayInstall || !existsSync("/etc/debian_version")) {
    say("promtool is missing (it comes with Prometheus); tests that need it are skipped");
    return;
  }
  say("promtool is missing: taken out of Debian's package prometheus");
  const folder = mkdtempSync(join(tmpdir(), "drover-promtool-"));
  const run = (program, args) =>
    spawnSync(program, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  const download = () => run("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "download", "prometheus"]);
  try {
    const isThere = download() || (run("apt-get", ["update"]) && download());
    const found = isThere ? readdirSync(folder).find((name) => name.endsWith(".deb")) : undefined;
    if (found === undefined || !run("dpkg", ["-x", found, "."]))
      return say("promtool could not be had; tests that need it are skipped");
    mkdirSync(dirname(PROMTOOL), { recursive: true });
    copyFileSync(join(folder, "usr/bin/promtool"), `${PROMTOOL}.new`);
    renameSync(`${PROMTOOL}.new`, PROMTOOL); // another run may do the same
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function stopOnFailure({ status, signal, error }) {
  if (error !== undefined) throw error;
  if (signal !== null) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

/** How long it took, in seconds with one decimal. */
function timed(work) {
  const start = performance.now();
  work();
  return ((performance.now() - start) / 1000).toFixed(1);
}
