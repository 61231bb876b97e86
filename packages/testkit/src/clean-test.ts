import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { format } from "node:util";
import { afterAll, afterEach } from "vitest";

/**
 * Runs before each test file, as its first: a test that prints fails with what it printed, and a file that
 * leaves something behind which would keep a process alive (a timer, a socket, a server, a child) fails with
 * the list of it.
 */

/**
 * What a file left behind has this long to be gone: sockets close in steps, children are collected. In ms.
 */
const SETTLE_MS = 2_000;

const SHOWN_CHARACTERS = 2_000;

const METHODS = ["debug", "dir", "error", "info", "log", "table", "trace", "warn"] as const;

const printed: string[] = [];

for (const method of METHODS)
  console[method] = (...values: unknown[]) => void printed.push(format(...values));
for (const stream of [process.stdout, process.stderr]) stream.write = keep;
const noteWarning = (warning: Error) => void printed.push(String(warning));
process.on("warning", noteWarning);

function keep(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
  if (chunk.length > 0) printed.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
  const done = rest.find((argument) => typeof argument === "function");
  if (done !== undefined) queueMicrotask(() => done());
  return true;
}

function failOnOutput(): void {
  const text = printed.splice(0).join("\n");
  if (text !== "") throw new Error(`The test printed: ${text.slice(0, SHOWN_CHARACTERS)}`);
}

afterEach(failOnOutput);

const before = countedByKind();

afterAll(async () => {
  const deadline = performance.now() + SETTLE_MS;
  while (leftBehind().length > 0 && performance.now() < deadline) await sleep(20);
  const left = leftBehind();
  process.off("warning", noteWarning); // the next file may run in this process, with a listener of its own
  if (left.length > 0) throw new Error(`The file left behind: ${left.join(", ")}${handles()}`);
  failOnOutput();
});

function countedByKind(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Of a file-backed Blob that was read: Node keeps one for the next, for as long as the process lives. */
const KEPT_BY_NODE = "FileHandleReadWrap";

/** Kinds of resources of which there are more than before the file, with how many more. */
function leftBehind(): readonly string[] {
  return [...countedByKind()]
    .map(([kind, count]) => ({ kind, more: count - (before.get(kind) ?? 0) }))
    .filter(({ kind, more }) => more > 0 && kind !== KEPT_BY_NODE)
    .map(({ kind, more }) => `${more} ${kind}`);
}

/**
 * All that is open, for whoever looks for what was left. Node has this for diagnostics and does not document
 * it.
 */
function handles(): string {
  const list: unknown = Reflect.get(process, "_getActiveHandles");
  if (typeof list !== "function") return "";
  return `. Open are: ${(list.call(process) as object[]).map(described).join(", ")}`;
}

function described(handle: object): string {
  if (handle instanceof Socket) return `socket to ${handle.remoteAddress}:${handle.remotePort}`;
  if ("spawnargs" in handle) return `child ${(handle as ChildProcess).spawnargs.slice(0, 4).join(" ")}`;
  return handle.constructor.name;
}
