import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

/** Where `scripts/ensure.mjs` puts a promtool that is not installed. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "drover", "promtool");

/** Why tests of promtool are skipped, for their titles; empty when they run. */
export function noPromtool(): string {
  return promtoolPath() === undefined ? " (skipped: promtool is not installed)" : "";
}

/**
 * Runs Prometheus' own checker of metrics and rules.
 * @returns its exit code, and all that it said.
 */
export async function promtool(
  args: readonly string[],
  input = "",
): Promise<{ readonly code: number | null; readonly said: string }> {
  const path = promtoolPath();
  if (path === undefined) throw new Error("There is no promtool.");
  const child = spawn(path, args, { stdio: "pipe" });
  const code = new Promise<number | null>((resolve, reject) =>
    child.on("error", reject).on("close", resolve),
  );
  child.stdin.on("error", () => {}); // it ended without reading all of it: its exit code says why
  child.stdin.end(input);
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, said: out + error };
}

function promtoolPath(): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "promtool"));
  return [...onPath, CACHE].find((path) => existsSync(path));
}
