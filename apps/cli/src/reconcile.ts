import type { Config } from "./cli-config.js";
import { EXIT } from "./exit.js";
import { hasRedisData, runWorkerCommand } from "./worker-command.js";

export interface ReconcileOptions {
  /** Says that Redis and storage belong together though one of them has lost the sign of it. */
  readonly adopt?: boolean;
}

/**
 * `drover reconcile`: compares stored inputs with queued jobs, and queues again what Redis lost. A `drover
 * up` that runs on the data folder does the same by itself.
 * @returns the exit code: 1 when Redis and storage do not belong together, or when there is no Redis that
 *   could know the jobs of the storage.
 */
export async function reconcile(config: Config, options: ReconcileOptions): Promise<number> {
  const obstacle = config.redisUrl === undefined ? withoutRedis(config, options) : undefined;
  if (obstacle !== undefined) {
    process.stderr.write(`${obstacle}\n`);
    return EXIT.failed;
  }
  return runWorkerCommand(config, ["reconcile", ...(options.adopt === true ? ["--adopt"] : [])]);
}

/**
 * Why there is no Redis to compare with: a new, empty one knows nothing of the files. `undefined` when the
 * data folder has one.
 */
function withoutRedis({ dataDir, storage }: Config, { adopt }: ReconcileOptions): string | undefined {
  if (hasRedisData(dataDir)) return undefined;
  const found = `REDIS_URL is not set, and ${dataDir} holds no Redis data.`;
  if (storage !== undefined)
    return `${found} Set REDIS_URL to the Redis that the jobs of DROVER_STORAGE are in. Nothing was done.`;
  if (adopt === true) return undefined;
  return (
    `${found} Set REDIS_URL or DROVER_DATA_DIR; if that data is lost, "drover reconcile --adopt" queues ` +
    "its unfinished jobs in a new Redis. Nothing was done."
  );
}
