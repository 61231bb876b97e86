import { type ChildProcess, spawn } from "node:child_process";

/**
 * Sees to it that no child outlives its worker, also when the worker is killed with -9.
 *
 * Starts with the worker, as one `sh` in a session of its own that reads `+group` and `-group` lines from a pipe. Only the worker
 * holds the other end, so that the pipe closes at the moment the worker is gone, however it went; the shell then kills the groups
 * that are still listed, and ends. That takes a few ms, reaches grandchildren, and needs nothing of a child: one with a blocked
 * event loop, or stopped, goes too. (`setpriv --pdeathsig` would leave grandchildren, and the child's own disconnect handler needs a
 * free event loop; the latter is kept as a second line for the case that worker and guardian are killed together.)
 * A guardian that dies is started again with the same list. Ends with `close()`, or with the worker.
 */
export class Guardian {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;
  #isClosed = false;

  start(): void {
    // Its first groups come as arguments: it knows them even if the worker dies before it could write.
    const shell = spawn("sh", ["-c", SCRIPT, "guardian", ...[...this.#groups].map(String)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell = shell;
    shell.unref();
    shell.stdin.on("error", () => {}); // EPIPE when it died: "exit" follows
    shell.on("error", () => {}); // no sh: children still end on disconnect
    shell.on("exit", () => {
      if (!this.#isClosed) setTimeout(() => this.start(), RESTART_MS).unref();
    });
  }

  /** From now on the group ends with the worker. */
  watch(group: number): void {
    if (this.#groups.has(group)) return;
    this.#groups.add(group);
    this.#write(`+${group}`);
  }

  /** The group is gone: its number may be reused by the system. */
  forget(group: number): void {
    if (this.#groups.delete(group)) this.#write(`-${group}`);
  }

  /** Kills what is still listed. */
  close(): void {
    this.#isClosed = true;
    this.#shell?.stdin?.end();
  }

  #write(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}

/** Pause before a guardian that died is started again, in ms. */
const RESTART_MS = 50;

const SCRIPT = `
trap '' INT TERM HUP
groups=" $* "
while read -r line; do
  group=\${line#?}
  case $line in
    +*) groups="$groups$group " ;;
    -*) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;
