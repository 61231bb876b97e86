import { spawn } from "node:child_process";

/**
 * Reads pids, a line each, from a pipe whose other end only the parent has. When the pipe closes, which it also does when the parent
 * is killed with -9, the last pid gets a SIGTERM, as many seconds later as the argument says, so that Redis writes what it has, and 10 s
 * after that a SIGKILL. An empty line means: nothing to do.
 */
const SCRIPT = `
trap '' INT TERM HUP
target=
while read -r line; do target=$line; done
[ -n "$target" ] || exit 0
sleep "$0"
kill -TERM "$target" 2>/dev/null
tries=0
while kill -0 "$target" 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || exec kill -KILL "$target"
  sleep 0.1
done`;

/** A small shell that outlives this process for as long as it takes to stop what it guards. */
export interface Guardian {
  guard(pid: number): void;
  /** What it guarded is gone; the guardian ends without a signal to anybody. */
  dismiss(): void;
}

/**
 * Starts a guardian, in a session of its own so that Ctrl-C in a terminal does not reach it.
 * Not pdeathsig: that would come as a signal without the last second of Redis's append-only file, bound to a thread, and on Linux only.
 */
export function startGuardian(lingerMs: number): Guardian {
  const shell = spawn("sh", ["-c", SCRIPT, String(lingerMs / 1000)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  shell.on("error", () => {}); // no sh: the spawn of Redis, which needs one too, says so
  shell.stdin.on("error", () => {}); // the guardian was killed: nobody is left to tell
  return {
    guard: (pid) => void shell.stdin.write(`${pid}\n`),
    dismiss: () => void shell.stdin.end("\n"),
  };
}
