import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

interface Part {
  /** File of `scripts/` that it becomes a part of. */
  readonly of: "around-entering" | "around-move-to-active" | "around-move-to-finished";
  /** Place of the queue's `prioritized` among its keys, 1-based. */
  readonly prioritized: number;
  /** Lua: the id of the job that it lets wait. Default: what it returns. */
  readonly id?: string;
  /** Lua: the time, in ms since the epoch, by which it lets delayed jobs wait. Default: it does not. */
  readonly now?: string;
}

/**
 * BullMQ's scripts that take a job or put one into `prioritized`. Facts, as those of `bullmq/bullmq-internals.ts`, with
 * tests in `line-scripts.test.ts`:
 * - BullMQ defines each as a command `<name>:<version>` on the connection that it is given, before it uses it.
 * - A script that takes a job takes the first of `wait`, else the one of `prioritized` with the lowest score; it
 *   returns `{ job, id, …}`, with 0 for an id when it took none.
 * - Before that it moves up to 1,000 jobs whose time has come out of `delayed`.
 */
const PARTS: Readonly<Record<string, Part>> = {
  addPrioritizedJob: { of: "around-entering", prioritized: 4 },
  reprocessJob: { of: "around-entering", prioritized: 8, id: "ARGV[1]" },
  moveJobFromActiveToWait: { of: "around-entering", prioritized: 7, id: "ARGV[1]" },
  promote: { of: "around-entering", prioritized: 5, id: "ARGV[2]" },
  retryJob: { of: "around-entering", prioritized: 8, id: "ARGV[4]", now: "ARGV[2]" },
  moveToActive: { of: "around-move-to-active", prioritized: 3 },
  moveToFinished: { of: "around-move-to-finished", prioritized: 3 },
};

/** The text of a file of `scripts/`. */
export function readScript(name: string): string {
  return readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), "utf8");
}

const LINES = readScript("lines");

/**
 * A script of ours with what `lines.lua` defines.
 * @param prioritized place of the queue's `prioritized` among its keys, 1-based.
 */
export function withLines(lua: string, prioritized: number): string {
  return `local queue = string.sub(KEYS[${prioritized}], 1, -${"prioritized".length + 1})\n${LINES}\n${lua}`;
}

/**
 * Lets the tenants of a queue take turns, whatever is done over the connection: BullMQ's scripts become parts of
 * scripts of ours, which keep the lines in the same step. To be called before BullMQ is given the connection.
 */
export function takeTurnsOn(client: Redis): void {
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, { lua, ...rest }) => {
    const part = PARTS[name.replace(/:.*/, "")];
    define(name, { ...rest, lua: part === undefined ? lua : around(lua, part) });
  };
}

function around(bullmq: string, { of, prioritized, id = "nil", now = "nil" }: Part): string {
  const turns = of === "around-entering" ? `local id, now = ${id}, ${now}` : readScript("take-turns");
  const part = `local function bullmq()\n${bullmq}\nend`;
  return withLines([turns, part, readScript(of)].join("\n"), prioritized);
}
