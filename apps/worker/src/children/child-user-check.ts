import { spawn } from "node:child_process";
import { chmodSync, existsSync, statSync } from "node:fs";
import { SettingsError } from "@drover/core";
import { MARK_VARIABLE, readMark } from "@drover/process-guard";
import { type ChildUser, launchAs } from "./child-user.js";

/** Folders and files, by what a child of another user may do with them. */
export interface ChildAccess {
  /** Folders that it passes through to its attempts, outermost first: it may enter, and not list them. */
  readonly passed: readonly string[];
  /** Folders that it may not enter; those that are not there yet are made so. */
  readonly closed: readonly string[];
  /** Files that it reads to run processors. */
  readonly read: readonly string[];
}

/**
 * Opens and closes the folders as the user's children need them, and checks, as the user, that it is so: owner,
 * group or an access list may say something else than the rights of others.
 * @throws `SettingsError` naming what the user cannot reach, or can reach and should not.
 */
export async function prepareAccess(user: ChildUser, access: ChildAccess): Promise<void> {
  for (const folder of access.passed) setOthers(folder, 0o001);
  for (const folder of access.closed.filter((each) => existsSync(each))) setOthers(folder, 0);
  const problems = await problemsOf(user, access);
  if (problems.length === 0) return;
  throw new SettingsError(
    `DROVER_CHILD_USER: processors cannot run as ${user.name ?? `${user.uid}:${user.gid}`}:\n` +
      problems.map((problem) => `  ${problem}`).join("\n"),
  );
}

/** Sets what those may do who are neither the owner nor of the group. */
function setOthers(folder: string, rights: number): void {
  chmodSync(folder, (statSync(folder).mode & 0o7770) | rights);
}

/** Sentences, each about one thing that is not as it should be. */
async function problemsOf(user: ChildUser, access: ChildAccess): Promise<readonly string[]> {
  const args = ["-e", PROBE, JSON.stringify({ ...access, parent: process.pid, sentences: SENTENCES })];
  const { program, args: words, options, environment } = launchAs(user, process.execPath, args);
  const mark = "check";
  const child = spawn(program, words, {
    ...options,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...environment, [MARK_VARIABLE]: mark },
  });
  const [said, complaint] = await new Promise<[string, string]>((resolve, reject) => {
    let [out, err] = ["", ""];
    let hasMark = false;
    child.stdin.on("error", () => {}); // it ended: "close" follows
    child.stdout.on("data", (text) => {
      out += text;
      hasMark ||= readMark(child.pid ?? 0) === mark;
      child.stdin.end(); // it lives until its mark was looked for
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    child.once("error", reject);
    child.once("close", () => resolve([hasMark ? out : `${out}${NO_MARK}\n`, err]));
  }).catch((error: Error): [string, string] => ["", error.message]);
  const lines = said.split("\n").filter((line) => line !== "");
  if (lines[0] === "checked") return lines.slice(1);
  return [`It cannot run ${process.execPath}: ${complaint.trim().split("\n")[0]}`];
}

const NO_MARK =
  "The worker cannot see the environment of processes of that user, by which it finds daemons that they leave: it " +
  "lacks the capability SYS_PTRACE (docker run --cap-add SYS_PTRACE).";

/** How findings go on after the path. */
const SENTENCES = {
  passed: ", where attempts run: a folder above it is closed to it. DROVER_DATA_DIR says where that is.",
  listed: ": it is the folder's owner, or an access list lets it.",
  closed:
    ", where other jobs' files or secrets are: it owns the folder or is of its group, or an access list lets it.",
  read: ", which its processes run: the file or a folder above it is closed to it.",
};

/** Run as the user; tells its findings, and stays until its input ends. */
const PROBE = `
const { accessSync, constants, readFileSync } = require("node:fs");
const { passed, closed, read, parent, sentences } = JSON.parse(process.argv[1]);
const may = (path, mode) => {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
};
const lines = ["checked"];
for (const path of passed) {
  if (!may(path, constants.X_OK)) lines.push("It cannot enter " + path + sentences.passed);
  if (may(path, constants.R_OK)) lines.push("It can list " + path + sentences.listed);
}
for (const path of closed)
  if (may(path, constants.X_OK) || may(path, constants.R_OK)) lines.push("It can enter " + path + sentences.closed);
for (const path of read)
  if (!may(path, constants.R_OK)) lines.push("It cannot read " + path + sentences.read);
try {
  readFileSync("/proc/" + parent + "/environ");
  lines.push("It can read the worker's environment.");
} catch {}
process.stdout.write(lines.join("\\n") + "\\n");
process.stdin.resume();
`;
