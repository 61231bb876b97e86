import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startRedis } from "@drover/embedded-redis";
import type { Config } from "./config.js";

const WORKER = fileURLToPath(import.meta.resolve("@drover/worker"));

/**
 * `drover reconcile`: compares stored inputs with queued jobs, and queues again what Redis lost. Against REDIS_URL, else against the private
 * Redis of the data folder, which is started for it; a `drover up` that runs on the folder does the same by itself. Answers the worker's exit code.
 */
export async function reconcile(config: Config): Promise<number> {
  const redis =
    config.redisUrl === undefined ? await startRedis({ dataDir: join(config.dataDir, "redis") }) : undefined;
  try {
    const worker = spawn(process.execPath, [WORKER, "reconcile"], {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...config.serverEnvironment,
        DROVER_DATA_DIR: config.dataDir,
        REDIS_URL: redis?.url ?? config.redisUrl,
        LOG_FORMAT: config.logFormat,
      },
    });
    const [code] = await once(worker, "exit");
    return typeof code === "number" ? code : 1;
  } finally {
    await redis?.stop();
  }
}
