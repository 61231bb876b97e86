import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { onTestFinished } from "vitest";
import { findProcess, MARK_VARIABLE, type ProcessEntry } from "../src/index.js";

/** Ends the process when the test that is running has finished. */
function endWithTest(pid: number): void {
  onTestFinished(() => {
    if (findProcess(pid) !== undefined) process.kill(pid, "SIGKILL");
  });
}

/** A process that leads a group of its own, ended with the test. */
export function sleeper(script = "exec sleep 60", mark = ""): ChildProcess & { readonly pid: number } {
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, ...(mark === "" ? {} : { [MARK_VARIABLE]: mark }) },
  });
  if (child.pid === undefined) throw new Error("No process was started.");
  endWithTest(child.pid);
  return Object.assign(child, { pid: child.pid });
}

/**
 * Whether nobody has sent the process a SIGKILL: it ends by the SIGTERM that it is sent now, which comes
 * second to any SIGKILL.
 */
export async function wasLeftAlone(child: ChildProcess): Promise<boolean> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  if (!hasEnded()) {
    child.kill("SIGTERM");
    await ended;
  }
  return child.signalCode === "SIGTERM";
}

/**
 * A process that starts a daemon, which left its group and lost its parent before anybody looked.
 * @returns the daemon's pid.
 */
export async function daemonOf(mark: string): Promise<{ leader: number; daemon: number }> {
  const note = join(mkdtempSync(join(tmpdir(), "drover-guard-")), "pid");
  const { pid: leader } = sleeper(
    `setsid sh -c 'sleep 60 & echo $! > "${note}.draft"; mv "${note}.draft" "${note}"'; exec sleep 60`,
    mark,
  );
  const daemon = await waitFor(() => (existsSync(note) ? Number(readFileSync(note, "utf8")) : undefined));
  endWithTest(daemon);
  rmSync(join(note, ".."), { recursive: true });
  await waitFor(() => entryOf(daemon).group !== daemon && findProcess(entryOf(daemon).group) === undefined);
  return { leader, daemon };
}

export function entryOf(pid: number): ProcessEntry {
  const found = findProcess(pid);
  if (found === undefined) throw new Error(`No process has the pid ${pid}.`);
  return found;
}

export const isGone = (pid: number) => findProcess(pid) === undefined;
