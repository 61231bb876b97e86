import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FolderInUseError, startRedis } from "@drover/embedded-redis";
import type { Config } from "./cli-config.js";
import { EXIT } from "./exit.js";
import { askRunningUp, commandSocket } from "./up/command-socket.js";
import { eachLine } from "./up/supervised.js";

const WORKER = fileURLToPath(import.meta.resolve("@drover/worker"));

/**
 * Runs a command of the worker's program to its end, against REDIS_URL, else against the private Redis of the
 * data folder: by the `drover up` that runs on the folder, or one that is started for it. What the command
 * prints goes to this process's outputs.
 * @returns its exit code.
 * @throws `FolderInUseError` when another process has that Redis, and runs no commands.
 */
export async function runWorkerCommand(config: Config, words: readonly string[]): Promise<number> {
  if (config.redisUrl !== undefined) return spawnWorkerCommand(words, environmentOf(config, config.redisUrl));
  const redis = await startRedis({ dataDir: join(config.dataDir, "redis") }).catch((error: unknown) => {
    if (error instanceof FolderInUseError) return error;
    throw error;
  });
  if (redis instanceof FolderInUseError) {
    const code = await askRunningUp(commandSocket(config.dataDir), words);
    if (code === undefined) throw redis;
    return code;
  }
  try {
    return await spawnWorkerCommand(words, environmentOf(config, redis.url));
  } finally {
    await redis.stop();
  }
}

function environmentOf(config: Config, redisUrl: string): NodeJS.ProcessEnv {
  return {
    ...config.serverEnvironment,
    DROVER_DATA_DIR: config.dataDir,
    REDIS_URL: redisUrl,
    LOG_FORMAT: config.logFormat,
  };
}

/**
 * Runs a command of the worker's program in an environment that names its Redis.
 * @param onLine gets each line that it prints; default: this process's outputs do.
 */
export async function spawnWorkerCommand(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  onLine?: (output: "out" | "err", line: string) => void,
): Promise<number> {
  const output = onLine === undefined ? "inherit" : "pipe";
  const worker = spawn(process.execPath, [WORKER, ...words], {
    stdio: ["ignore", output, output],
    env: environment,
  });
  eachLine(worker.stdout, (line) => onLine?.("out", line));
  eachLine(worker.stderr, (line) => onLine?.("err", line));
  const [code] = await once(worker, "close"); // all that it printed was read
  return typeof code === "number" ? code : EXIT.failed;
}

/**
 * Whether a Redis has written in the data folder: its append-only file (`appendonly.aof` before version 7, a
 * folder from then on).
 */
export function hasRedisData(dataDir: string): boolean {
  try {
    return readdirSync(join(dataDir, "redis")).some((name) => name.startsWith("appendonly"));
  } catch {
    return false;
  }
}
