import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Environment } from "./find.js";

const run = promisify(execFile);

/** Debian asks this program before it starts a service that was just installed; exit code 101 forbids it. */
const POLICY = "/usr/sbin/policy-rc.d";

/** No questions, and the run level in which invoke-rc.d starts nothing. */
const QUIETLY = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"];

/**
 * Installs redis-server with apt-get. The service that the package brings is neither started nor enabled: it would listen on 6379, and
 * Drover wants the program only. Throws with the end of apt-get's output when that fails.
 */
export async function installWithApt(aptGet: string, env: Environment): Promise<void> {
  const options = { maxBuffer: 64 << 20, ...(env === undefined ? {} : { env }) };
  const apt = (...args: readonly string[]) => run("/usr/bin/env", [...QUIETLY, aptGet, ...args], options);
  const isPolicyOurs = !existsSync(POLICY);
  // Forbids only while this process lives, so that a file left by a kill changes nothing for good.
  if (isPolicyOurs) {
    writeFileSync(POLICY, `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`, {
      mode: 0o755,
    });
  }
  try {
    await apt("update");
    await apt("install", "-y", "--no-install-recommends", "redis-server");
    if (existsSync("/run/systemd/system")) await run("systemctl", ["disable", "redis-server"], options);
  } catch (error) {
    throw new Error(`apt-get could not install redis-server:\n${lastLines(error)}`, { cause: error });
  } finally {
    if (isPolicyOurs) rmSync(POLICY, { force: true });
  }
}

function lastLines(error: unknown): string {
  const output = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return output.trim().split("\n").slice(-5).join("\n");
}
