import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRedis } from "@drover/embedded-redis";
import type { Config } from "./cli-config.js";
import { EXIT } from "./exit.js";

const WORKER = fileURLToPath(import.meta.resolve("@drover/worker"));

export interface ReconcileOptions {
  /** Says that Redis and storage belong together though one of them has lost the sign of it. */
  readonly adopt?: boolean;
}

/**
 * `drover reconcile`: compares stored inputs with queued jobs, and queues again what Redis lost. Against
 * REDIS_URL, else against the private Redis of the data folder, which is started for it; a `drover up` that
 * runs on the folder does the same by itself.
 * @returns the exit code: 1 when Redis and storage do not belong together, or when there is no Redis that
 *   could know the jobs of the storage.
 */
export async function reconcile(config: Config, options: ReconcileOptions): Promise<number> {
  const obstacle = config.redisUrl === undefined ? withoutRedis(config, options) : undefined;
  if (obstacle !== undefined) {
    process.stderr.write(`${obstacle}\n`);
    return EXIT.failed;
  }
  const redis =
    config.redisUrl === undefined ? await startRedis({ dataDir: join(config.dataDir, "redis") }) : undefined;
  try {
    const worker = spawn(process.execPath, [WORKER, "reconcile", ...(options.adopt ? ["--adopt"] : [])], {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...config.serverEnvironment,
        DROVER_DATA_DIR: config.dataDir,
        REDIS_URL: redis?.url ?? config.redisUrl,
        LOG_FORMAT: config.logFormat,
      },
    });
    const [code] = await once(worker, "exit");
    return typeof code === "number" ? code : EXIT.failed;
  } finally {
    await redis?.stop();
  }
}

/**
 * Why there is no Redis to compare with: a new, empty one knows nothing of the files. `undefined` when the
 * data folder has one.
 */
function withoutRedis({ dataDir, storage }: Config, { adopt }: ReconcileOptions): string | undefined {
  if (hasData(join(dataDir, "redis"))) return undefined;
  const found = `REDIS_URL is not set, and ${dataDir} holds no Redis data.`;
  if (storage !== undefined)
    return `${found} Set REDIS_URL to the Redis that the jobs of DROVER_STORAGE are in. Nothing was done.`;
  if (adopt === true) return undefined;
  return (
    `${found} Set REDIS_URL or DROVER_DATA_DIR; if that data is lost, "drover reconcile --adopt" queues ` +
    "its unfinished jobs in a new Redis. Nothing was done."
  );
}

/**
 * Whether a Redis has written in the folder: its append-only file (`appendonly.aof` before version 7, a
 * folder from then on).
 */
function hasData(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.startsWith("appendonly"));
  } catch {
    return false;
  }
}
