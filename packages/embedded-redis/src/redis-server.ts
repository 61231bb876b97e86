/**
 * A private Redis. It lives from `startRedis` until `stop`, or until this process ends in whatever way: a
 * guardian then asks it to stop.
 *
 * ```
 *  this process ──pipe──► guardian (sh)      closes with this process, killed or not
 *       │                     └──SIGTERM──┐
 *       └──go + configuration──► sh ──exec──► redis-server      reads its configuration from stdin
 * ```
 * Redis is started only by the line `go`, which is sent after the guardian and the lock file know its pid:
 * there is no moment at which a kill of this process leaves a Redis behind. The password is in no argument
 * list, no file and no environment.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Guardian, identify } from "@drover/process-guard";
import { findRedisServer, type RedisProgram } from "./find-redis.js";
import { type FolderLock, lockFolder } from "./lock.js";
import { freePort, probe } from "./probe.js";

export interface RedisOptions {
  /** Where the append-only file, the log and the lock are; made when absent. One Redis a folder. */
  readonly dataDir: string;
  /** Told in one line each what was found and done. Default: silent. */
  readonly log?: (message: string) => void;
  /**
   * The address that an earlier instance had, so that its clients find this one. Default: a free port and a
   * new password.
   */
  readonly url?: string;
  /**
   * How long Redis outlives this process when that is killed, in ms, so that others that use it can end in
   * order. Default 0.
   */
  readonly lingerMs?: number;
  /** Default: what `findRedisServer` finds. */
  readonly program?: RedisProgram;
  /** Users beside the one of `url`, each as a line of an ACL file. Default: none. */
  readonly users?: readonly string[];
}

export interface RunningRedis {
  /** `redis://:<password>@127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process is gone, for whatever reason; the folder is free then. */
  readonly exited: Promise<void>;
  /**
   * Asks Redis to write what it has and stop, kills it after 10 s; resolves when it is gone. Twice is fine.
   */
  stop(): Promise<void>;
}

interface Address {
  readonly port: number;
  readonly password: string;
}

const STOP_MS = 10_000;
/** Longest time without an answer; with Docker it covers the download of the image. */
const ANSWER_MS = { binary: 30_000, docker: 300_000 } as const;
const PORT_TRIES = 5;
const LOG_BYTES = 1 << 20;

/**
 * Starts a Redis on 127.0.0.1 with a random password, on a free port that is never 6379, with an append-only
 * file synced every second and no eviction. Resolves when it answers, some 20 ms later (longer with much data
 * to load). It does not keep this process alive.
 * @throws `FolderInUseError`, `RedisNotFoundError`, or an `Error` with the end of Redis's log.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const folder = resolve(options.dataDir);
  const log = options.log ?? (() => {});
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(folder, log);
  try {
    const program = options.program ?? (await findRedisServer({ log }));
    const { lingerMs = 0, users = [] } = options;
    const redis = await launchAtFreePort({ program, folder, lock, lingerMs, users }, options.url);
    const exited = redis.exited.then(() => lock.release());
    const { url, pid } = redis;
    return { url, pid, exited, stop: () => Promise.all([redis.stop(), exited]).then(() => {}) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Another program may take a port between the moment it was found free and the moment Redis binds it; then
 * the next one is tried.
 */
async function launchAtFreePort(launcher: Launcher, url: string | undefined): Promise<RunningRedis> {
  for (let left = url === undefined ? PORT_TRIES : 1; ; left--) {
    const address = url === undefined ? await newAddress() : addressOf(url);
    const redis = launch(launcher, address);
    const failure = await redis.failure;
    if (failure === undefined) return redis;
    await redis.stop();
    if (left <= 1 || !failure.includes("in use")) {
      throw new Error(`Redis did not start. The end of its log:\n${failure}`);
    }
  }
}

async function newAddress(): Promise<Address> {
  return { port: await freePort(), password: randomBytes(24).toString("hex") };
}

function addressOf(url: string): Address {
  const { port, password } = new URL(url);
  return { port: Number(port), password };
}

interface Launched extends RunningRedis {
  /** The end of the log of a Redis that did not get ready; `undefined` once it answers. */
  readonly failure: Promise<string | undefined>;
}

interface Launcher {
  readonly program: RedisProgram;
  readonly folder: string;
  readonly lock: FolderLock;
  readonly lingerMs: number;
  readonly users: readonly string[];
}

function launch(launcher: Launcher, address: Address): Launched {
  const { program, folder, lock, lingerMs } = launcher;
  const logFile = openLog(join(folder, "redis.log"));
  const [path, ...args] = commandOf(program, folder, address);
  const child = spawn("sh", ["-c", 'read -r go && exec "$0" "$@"', path, ...args], {
    detached: true, // Ctrl-C in a terminal is for this process, which stops Redis last
    stdio: ["pipe", logFile.descriptor, logFile.descriptor],
  });
  closeSync(logFile.descriptor);
  child.unref();
  const exited = new Promise<void>((resolve, reject) => {
    child.on("exit", () => resolve());
    child.on("error", reject);
  });
  const guardian = new Guardian({ lingerMs, graceMs: STOP_MS });
  guardian.start();
  const { pid } = child;
  const redis = pid === undefined ? undefined : identify(pid);
  const gone = exited.finally(() => {
    if (redis !== undefined) guardian.forget(redis);
    void guardian.close();
  });
  if (redis !== undefined) {
    guardian.watch(redis);
    lock.setRedis(redis);
    child.stdin?.on("error", () => {}); // it died at once: its log says why
    child.stdin?.end(`go\n${configurationOf(launcher, address)}`);
  }
  return {
    url: `redis://:${address.password}@127.0.0.1:${address.port}`,
    pid: pid ?? 0,
    exited: gone,
    failure: waitUntilReady(child, address, ANSWER_MS[program.kind]).then((isReady) =>
      isReady ? undefined : logFile.tail(),
    ),
    stop: () => stop(child, gone),
  };
}

async function waitUntilReady(child: ChildProcess, address: Address, answerMs: number): Promise<boolean> {
  let deadline = performance.now() + answerMs;
  for (
    let waitMs = 2;
    isRunning(child) && performance.now() < deadline;
    waitMs = Math.min(100, waitMs * 1.5)
  ) {
    const answer = await probe(address.port, address.password);
    if (answer === "ready") return isRunning(child);
    if (answer === "loading") deadline = performance.now() + answerMs;
    await sleep(waitMs);
  }
  return false;
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (isRunning(child)) child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone.finally(() => clearTimeout(timer));
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function commandOf(program: RedisProgram, folder: string, { port }: Address): readonly [string, ...string[]] {
  if (program.kind === "binary") return [program.path, "-"];
  const user =
    process.getuid === undefined ? [] : ["--user", `${process.getuid()}:${process.getgid?.() ?? 0}`];
  const publish = ["--publish", `127.0.0.1:${port}:6379`, "--volume", `${folder}:/data`];
  return [
    program.path,
    "run",
    "--rm",
    "--interactive",
    ...user,
    ...publish,
    DOCKER_IMAGE,
    "redis-server",
    "-",
  ];
}

const DOCKER_IMAGE = "redis:7.4-alpine";

/**
 * redis.conf, as it is read from stdin. In a container Redis has the network to itself, and Docker publishes
 * its port on 127.0.0.1 only.
 */
function configurationOf({ program, folder, users }: Launcher, { port, password }: Address): string {
  const isContainer = program.kind === "docker";
  return [
    `bind ${isContainer ? "0.0.0.0" : "127.0.0.1"}`,
    `port ${isContainer ? 6379 : port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(isContainer ? "/data" : folder)}`,
    "appendonly yes",
    "appendfsync everysec",
    "maxmemory-policy noeviction",
    'save ""',
    // The hash of a job in one piece: two thirds of the memory. By the name that 6.2 knows and later ones take.
    "hash-max-ziplist-value 4096",
    ...users,
    "",
  ].join("\n");
}

/**
 * Redis's log file, open for appending; begun anew past 1 MiB. `tail` answers the last lines that were
 * written since.
 */
function openLog(path: string): { readonly descriptor: number; tail(): string } {
  const descriptor = openSync(path, "a", 0o600);
  if (statSync(path).size > LOG_BYTES) truncateSync(path);
  const start = statSync(path).size;
  return {
    descriptor,
    tail: () => readFileSync(path).subarray(start).toString("utf8").trim().split("\n").slice(-8).join("\n"),
  };
}
