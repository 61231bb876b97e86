import { type ChildProcess, spawn } from "node:child_process";
import { MARK_VARIABLE } from "./orphaned-processes.js";
import type { ProcessIdentity } from "./process-table.js";
import type { ProcessKeeper } from "./process-tree.js";

export interface GuardianOptions {
  /** How long what it guards outlives this process, in ms. Default 0. */
  readonly lingerMs?: number;
  /**
   * How long it may then take to end after a SIGTERM, in ms, before it is killed. Default 0: killed without
   * one.
   */
  readonly graceMs?: number;
  /** Processes whose mark begins with this are killed too, listed or not. Default: none. */
  readonly markPrefix?: string;
}

/**
 * Sees to it that nothing it watches outlives this process, also when that is killed with -9.
 *
 * One `sh` in a session of its own, so that Ctrl-C in a terminal does not reach it, reads `+pid:started` and
 * `-pid:started` lines from a pipe. Only this process holds the other end, so that the pipe closes at the
 * moment it is gone, however it went. The shell then ends the groups of the listed processes that still are
 * the ones that were listed, by pid and start time, and ends itself. That takes a few ms, reaches
 * grandchildren, and needs nothing of the processes: one with a blocked event loop, or stopped, goes too.
 * (`setpriv --pdeathsig` would leave grandchildren, is bound to a thread, and gives Redis no time for its
 * last second.) A guardian that dies is started again with the same list. Begins with `start()`, ends with
 * `close()` or with this process.
 */
export class Guardian implements ProcessKeeper {
  readonly #arguments: readonly string[];
  readonly #members = new Set<string>();
  #shell: ChildProcess | undefined;
  #isClosed = false;

  constructor({ lingerMs = 0, graceMs = 0, markPrefix = "" }: GuardianOptions = {}) {
    const mark = markPrefix === "" ? "" : `${MARK_VARIABLE}=${markPrefix}`;
    this.#arguments = [String(lingerMs / 1_000), String(Math.ceil(graceMs / 100)), mark];
  }

  start(): void {
    // Its first members come as arguments: it knows them even if this process dies before it could write.
    const shell = spawn("sh", ["-c", SCRIPT, "guardian", ...this.#arguments, ...this.#members], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell = shell;
    shell.unref();
    shell.stdin.on("error", () => {}); // EPIPE when it died: "exit" follows
    // No sh: children still end on disconnect, and Redis needs one to start at all.
    shell.on("error", () => {});
    shell.on("exit", () => {
      if (!this.#isClosed) setTimeout(() => this.start(), RESTART_MS).unref();
    });
  }

  /** From now on the process and its group end with this one. */
  watch(process: ProcessIdentity): void {
    const member = memberOf(process);
    if (this.#members.has(member)) return;
    this.#members.add(member);
    this.#write(`+${member}`);
  }

  forget(process: ProcessIdentity): void {
    const member = memberOf(process);
    if (this.#members.delete(member)) this.#write(`-${member}`);
  }

  /** Ends what is still listed; resolves when that is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const shell = this.#shell;
    shell?.stdin?.end();
    if (shell?.pid === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    shell.ref(); // whoever waits is to live so long
    await new Promise((resolve) => shell.once("exit", resolve));
  }

  #write(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}

function memberOf({ pid, started }: ProcessIdentity): string {
  return `${pid}:${started}`;
}

/** Pause before a guardian that died is started again, in ms. */
const RESTART_MS = 50;

/**
 * Looks before what cannot be killed is left, 10 ms and the time to read the marks of all processes apart: a
 * few seconds.
 */
const MAX_LOOKS = 100;

/**
 * `find_group pid:started` sets `group` when that very process runs, from stat(5) of /proc: after the command
 * in parentheses come the state (field 3), the parent, the group and, as field 22, the start time. It looks
 * and kills until two looks in a row find nobody: a process may start another one between the look and the
 * kill, and shows no mark for the moment in which it becomes another program.
 */
const SCRIPT = `
trap '' INT TERM HUP
linger=$1 tries=$2 mark=$3
shift 3
members=" $* "
while read -r line; do
  member=\${line#?}
  case $line in
    +*) members="$members$member " ;;
    -*) case $members in *" $member "*) members="\${members%%" $member "*} \${members#*" $member "}" ;; esac ;;
  esac
done
find_group() {
  pid=\${1%%:*} started=\${1#*:} group=0
  if [ -d /proc/self ]; then
    read -r stat < "/proc/$pid/stat" || return 1
    set -- \${stat##*) }
    case $1 in Z | X) return 1 ;; esac
    [ "\${20}" = "$started" ] && group=$3
  else
    set -- $(ps -o pgid=,lstart= -p "$pid")
    group=\${1:-0}
    shift
    [ "$(IFS=_; echo "$*")" = "$started" ] || group=0
  fi
  [ "$group" -gt 1 ]
}
signal_groups() {
  for member in $members; do
    if find_group "$member"; then kill -s "$1" -- "-$group"; fi
  done
}
is_any_left() {
  for member in $members; do
    if find_group "$member"; then return 0; fi
  done
  return 1
}
case $members in *:*) ;; *) linger=0 tries=0 ;; esac
[ "$linger" = 0 ] || sleep "$linger"
[ "$tries" -eq 0 ] || signal_groups TERM
while [ "$tries" -gt 0 ] && is_any_left; do
  tries=$((tries - 1))
  sleep 0.1
done
kill_marked() {
  [ -n "$mark" ] || return 1
  files=$(grep -lsF -e "$mark" /proc/[0-9]*/environ)
  [ -n "$files" ] || return 1
  for file in $files; do
    pid=\${file#/proc/}
    kill -s KILL "\${pid%/environ}"
  done
  return 0
}
looks=${MAX_LOOKS} empty=0
[ "$members$mark" != "  " ] || looks=0
while [ "$looks" -gt 0 ] && [ "$empty" -lt 2 ]; do
  looks=$((looks - 1)) empty=$((empty + 1))
  if is_any_left; then empty=0; fi
  signal_groups KILL
  if kill_marked; then empty=0; fi
  sleep 0.01
done
`;
