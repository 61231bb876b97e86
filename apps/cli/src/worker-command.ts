import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRedis } from "@drover/embedded-redis";
import type { Config } from "./cli-config.js";
import { EXIT } from "./exit.js";

const WORKER = fileURLToPath(import.meta.resolve("@drover/worker"));

/**
 * Runs a command of the worker's program to its end, against REDIS_URL, else against the private Redis of the
 * data folder, which is started for it. The command prints to this process's outputs.
 * @returns its exit code.
 * @throws `FolderInUseError` while a `drover up` runs on the data folder.
 */
export async function runWorkerCommand(config: Config, words: readonly string[]): Promise<number> {
  const redis =
    config.redisUrl === undefined ? await startRedis({ dataDir: join(config.dataDir, "redis") }) : undefined;
  try {
    const environment = {
      ...config.serverEnvironment,
      DROVER_DATA_DIR: config.dataDir,
      REDIS_URL: redis?.url ?? config.redisUrl,
      LOG_FORMAT: config.logFormat,
    };
    return await spawnWorkerCommand(words, environment);
  } finally {
    await redis?.stop();
  }
}

/** Runs a command of the worker's program in an environment that names its Redis. */
export async function spawnWorkerCommand(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const worker = spawn(process.execPath, [WORKER, ...words], {
    stdio: ["ignore", "inherit", "inherit"],
    env: environment,
  });
  const [code] = await once(worker, "exit");
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
