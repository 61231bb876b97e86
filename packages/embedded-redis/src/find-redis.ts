import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

/** How a Redis can be run here. */
export type RedisProgram =
  | { readonly kind: "binary"; readonly path: string; readonly version: string }
  | { readonly kind: "docker"; readonly path: string };

export interface FindOptions {
  /** Told in one line each what was found or done. Default: silent. */
  readonly log?: (message: string) => void;
  /** The environment in which programs are looked for and run. Default: this process's. */
  readonly env?: Environment;
  /** Whether `apt-get install redis-server` may be run on Debian and Ubuntu as root. Default true. */
  readonly mayInstall?: boolean;
}

/** Variables by name; `undefined` for those of this process. */
export type Environment = Readonly<Record<string, string>> | undefined;

/** No Redis here and no way to get one. The message has the commands for a person to type. */
export class RedisNotFoundError extends Error {
  override readonly name = "RedisNotFoundError";
}

/** Streams and the commands of BullMQ's scripts are in Redis from 6.2 on, and in every Valkey. */
const OLDEST: readonly [number, number] = [6, 2];

/**
 * Finds a way to run Redis, in this order: a `valkey-server` or `redis-server` of at least 6.2 on PATH;
 * Docker, when its engine answers; on Debian and Ubuntu as root, an installation with apt-get.
 * @throws `RedisNotFoundError` otherwise.
 */
export async function findRedisServer(options: FindOptions = {}): Promise<RedisProgram> {
  const { log = () => {}, env, mayInstall = true } = options;
  const binary = await findBinary(env, log);
  if (binary !== undefined) return binary;
  const docker = await onPath("docker", env);
  if (
    docker !== undefined &&
    (await run(docker, ["info", "--format", "{{.ServerVersion}}"], env)) !== undefined
  ) {
    log("Redis: no valkey-server or redis-server on PATH; using Docker.");
    return { kind: "docker", path: docker };
  }
  const aptGet = await onPath("apt-get", env);
  const isDebianRoot = process.getuid?.() === 0 && existsSync("/etc/debian_version");
  if (mayInstall && isDebianRoot && aptGet !== undefined) {
    log("Redis: none on PATH and no Docker engine; installing redis-server with apt-get.");
    await installWithApt(aptGet, env);
    const installed = await findBinary(env, log);
    if (installed !== undefined) return installed;
  }
  throw new RedisNotFoundError(HOW_TO_GET_ONE);
}

const HOW_TO_GET_ONE = `No Redis was found: no valkey-server or redis-server of version 6.2 or newer on PATH,
and no Docker engine that answers. Get one with
  Debian, Ubuntu:  sudo apt-get install redis-server
  macOS:           brew install redis
  Docker:          docker run -d -p 127.0.0.1:6379:6379 redis:7 \\
                     redis-server --appendonly yes --maxmemory-policy noeviction
                   and then set REDIS_URL=redis://127.0.0.1:6379
or set REDIS_URL to the address of one that runs elsewhere.`;

async function findBinary(
  env: Environment,
  log: (message: string) => void,
): Promise<RedisProgram | undefined> {
  for (const name of ["valkey-server", "redis-server"]) {
    const path = await onPath(name, env);
    if (path === undefined) continue;
    const version = /v=(\d+)\.(\d+)(\.\d+)?/.exec((await run(path, ["--version"], env)) ?? "");
    if (version === null) {
      log(`Redis: ${path} does not tell its version; not used.`);
      continue;
    }
    const [major, minor] = [Number(version[1]), Number(version[2])];
    const text = version[0].slice("v=".length);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
      log(`Redis: ${path}, version ${text}.`);
      return { kind: "binary", path, version: text };
    }
    log(`Redis: ${path} is version ${text}, older than ${OLDEST.join(".")}; not used.`);
  }
  return undefined;
}

/** The program's path, found as a shell finds it. */
async function onPath(name: string, env: Environment): Promise<string | undefined> {
  return (await run("/bin/sh", ["-c", 'command -v "$0"', name], env))?.trim();
}

/** What the command printed, or `undefined` when it failed or took over 5 s. */
function run(path: string, args: readonly string[], env: Environment): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: 5_000, ...(env === undefined ? {} : { env }) };
    execFile(path, args, options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}

const runOrThrow = promisify(execFile);

/** Debian asks this program before it starts a service that was just installed; exit code 101 forbids it. */
const POLICY = "/usr/sbin/policy-rc.d";

/** No questions, and the run level in which invoke-rc.d starts nothing. */
const QUIETLY = ["DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"];

/**
 * Installs redis-server with apt-get. The service that the package brings is neither started nor enabled: it
 * would listen on 6379, and Drover wants the program only.
 * @throws with the end of apt-get's output when that fails.
 */
async function installWithApt(aptGet: string, env: Environment): Promise<void> {
  const options = { maxBuffer: 64 << 20, ...(env === undefined ? {} : { env }) };
  const apt = (...args: readonly string[]) =>
    runOrThrow("/usr/bin/env", [...QUIETLY, aptGet, ...args], options);
  const isPolicyOurs = !existsSync(POLICY);
  // Forbids only while this process lives, so that a file left by a kill changes nothing for good.
  if (isPolicyOurs) {
    writeFileSync(POLICY, `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`, {
      mode: 0o755,
    });
  }
  try {
    await apt("update");
    await apt("install", "-y", "--no-install-recommends", "redis-server");
    if (existsSync("/run/systemd/system"))
      await runOrThrow("systemctl", ["disable", "redis-server"], options);
  } catch (error) {
    throw new Error(`apt-get could not install redis-server:\n${lastLines(error)}`, { cause: error });
  } finally {
    if (isPolicyOurs) rmSync(POLICY, { force: true });
  }
}

function lastLines(error: unknown): string {
  const output = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return output.trim().split("\n").slice(-5).join("\n");
}
