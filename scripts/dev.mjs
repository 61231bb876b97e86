import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { root, say } from "./say.mjs";

/**
 * `drover up` with the compiler beside it; started again after each compilation without errors. Ends with
 * Ctrl-C.
 */
export function runDev(args) {
  const compiler = spawn(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-b", "--watch", "--preserveWatchOutput"],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  let server;
  let isStopping = false;
  const restart = () => {
    if (isStopping) return;
    spawnSync(process.execPath, ["apps/console/build.mjs"], { cwd: root, stdio: "inherit" });
    if (server === undefined) server = start(args);
    else if (!server.killed) {
      say("the build changed: starting again");
      server.once("exit", () => {
        server = isStopping ? undefined : start(args);
      });
      server.kill("SIGTERM");
    }
  };
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    if (line.trim() !== "") process.stdout.write(`${line}\n`);
    if (line.includes("Found 0 errors")) restart();
  });
  const stop = () => {
    isStopping = true;
    compiler.kill("SIGTERM");
    server?.once("exit", () => process.exit(0));
    server?.kill("SIGTERM");
    if (server === undefined || server.exitCode !== null) process.exit(0);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/**
 * In a process group of its own, so that Ctrl-C reaches only this process, which passes it on once; it ends
 * with this process, whose channel it has.
 */
function start(args) {
  return spawn(process.execPath, ["apps/cli/dist/main.js", "up", ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
}
