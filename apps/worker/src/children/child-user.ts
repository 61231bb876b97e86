import { execFileSync } from "node:child_process";
import { SettingsError } from "@drover/core";

/** The user that child processes run as, when it is not the worker's own. */
export interface ChildUser {
  readonly uid: number;
  /** 1, or how many adjacent numbers there are, this one the first: one for each child process. */
  readonly count: number;
  readonly gid: number;
  /** Absent for numbers that no user of the machine has. */
  readonly name?: string;
  /** Folder; "/" for numbers that no user of the machine has. */
  readonly home: string;
  /** Words in front of a program's that take from it every way to get more rights; none without setpriv(1). */
  readonly launcher: readonly string[];
}

/**
 * Returns the user that `DROVER_CHILD_USER` names.
 * @param setting a name, `uid:gid`, or `first-last:gid`; the numbers need be nobody's.
 * @throws `SettingsError` when this process may not change the user of its children, when there is no such
 *   user, and for root.
 */
export function findChildUser(setting: string): ChildUser {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new SettingsError(
      "DROVER_CHILD_USER: only a worker that runs as root, on Linux, can run its children as another user. " +
        "Start it as root, or leave the setting out and run the worker itself as a user of its own.",
    );
  }
  const [uid, gid, last = uid] = setting.includes(":") ? parseNumbers(setting) : numbersOf(setting);
  if (uid === undefined || gid === undefined || uid === 0 || gid === 0) {
    throw new SettingsError(
      `DROVER_CHILD_USER: ${setting} is root, or of root's group, from which nothing is kept. Name another user.`,
    );
  }
  if (last === undefined || last < uid || last - uid >= MAX_USERS) {
    throw new SettingsError(
      `DROVER_CHILD_USER: ${setting} is no range of at most ${MAX_USERS} users, the lowest number first, as ` +
        "64001-64032:64001.",
    );
  }
  const [name, , , , , home] = passwdEntry(String(uid))?.split(":") ?? [];
  const user = {
    uid,
    gid,
    count: last - uid + 1,
    home: home ?? "/",
    ...(name === undefined || last > uid ? {} : { name }), // not that of the others
  };
  return { ...user, launcher: launcherFor(user) };
}

const MAX_USERS = 10_000;

/** First number, group, and last number. */
function parseNumbers(setting: string): readonly number[] {
  const [users = "", gid = ""] = setting.split(":");
  const [first = "", last = first] = users.split("-");
  return [Number(first), Number(gid), Number(last)];
}

function numbersOf(name: string): readonly number[] {
  const entry = passwdEntry(name)?.split(":");
  if (entry !== undefined) return [Number(entry[2]), Number(entry[3])];
  throw new SettingsError(
    `DROVER_CHILD_USER: this machine has no user ${name}. Make one (useradd --system ${name}), or give numbers, ` +
      "as 64001:64001.",
  );
}

/** The line of passwd(5), from wherever the system keeps its users. */
function passwdEntry(nameOrNumber: string): string | undefined {
  try {
    return execFileSync("getent", ["passwd", nameOrNumber], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined; // getent exits with 2 for a user that there is not
  }
}

function launcherFor({ uid, gid }: Pick<ChildUser, "uid" | "gid">): readonly string[] {
  const launcher = ["setpriv", "--no-new-privs"];
  const [program = "", ...args] = launcher;
  try {
    execFileSync(program, [...args, "true"], { uid, gid, stdio: "ignore" });
    return launcher;
  } catch {
    return []; // none here, or one that cannot
  }
}

/** A program with its arguments, and the options of `spawn` by which it runs as the user. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** libuv leaves all supplementary groups before it takes these. */
  readonly options: { readonly uid?: number; readonly gid?: number };
  /** Variables that are the user's. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How a program is started as the user; without one, as this process's own. */
export function launchAs(user: ChildUser | undefined, program: string, args: readonly string[]): Launch {
  if (user === undefined) return { program, args, options: {}, environment: {} };
  const { uid, gid, name, home, launcher } = user;
  const [first = program, ...rest] = [...launcher, program, ...args];
  return {
    program: first,
    args: rest,
    options: { uid, gid },
    environment: { HOME: home, USER: name, LOGNAME: name, SHELL: undefined, TMPDIR: undefined },
  };
}
