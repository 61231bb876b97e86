import { spawn } from "node:child_process";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { root, say } from "./say.mjs";

const SETTLE_MS = 400;

/** `drover up` with the compiler beside it; started again whenever the compiler wrote something. Ends with Ctrl-C. */
export function runDev(args) {
  const compiler = spawn(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-b", "--watch", "--preserveWatchOutput"],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  let server = start(args);
  let timer;
  let isStopping = false;
  const restart = () => {
    say("the build changed: starting again");
    server.once("exit", () => {
      if (!isStopping) server = start(args);
    });
    server.kill("SIGTERM");
  };
  for (const folder of builtFolders()) {
    watch(folder, { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(restart, SETTLE_MS);
    });
  }
  const stop = () => {
    isStopping = true;
    clearTimeout(timer);
    compiler.kill("SIGTERM");
    server.once("exit", () => process.exit(0));
    server.kill("SIGTERM");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** In a process group of its own: Ctrl-C then reaches this process only, which passes it on once. */
function start(args) {
  return spawn(process.execPath, ["apps/cli/dist/main.js", "up", ...args], {
    cwd: root,
    stdio: "inherit",
    detached: true,
  });
}

function builtFolders() {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(root, parent, name, "dist"))
      .filter((folder) =>
        readdirSync(join(folder, ".."), { withFileTypes: true }).some((entry) => entry.name === "dist"),
      ),
  );
}
