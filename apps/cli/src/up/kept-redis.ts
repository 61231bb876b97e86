import { setTimeout as sleep } from "node:timers/promises";
import { type RunningRedis, startRedis } from "@drover/embedded-redis";

/** A private Redis that is started again, on the same data and at the same address, when it dies. */
export interface KeptRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * When this process is killed, api and workers see it too; a worker gives its jobs back then, for which it
 * has a second.
 */
const LINGER_MS = 2_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Starts a Redis in `folder`.
 * @throws as `startRedis` does; later trouble is told to `say`.
 */
export async function keepRedis(folder: string, say: (line: string) => void): Promise<KeptRedis> {
  let redis = await startRedis({ dataDir: folder, lingerMs: LINGER_MS, log: say });
  const { url } = redis;
  const stopping = new AbortController();
  const keeper = keep();

  async function keep(): Promise<void> {
    for (;;) {
      await redis.exited;
      if (stopping.signal.aborted) return;
      say("Redis died; starting it again on the same data.");
      const next = await startAgain();
      if (next === undefined) return;
      redis = next;
    }
  }

  async function startAgain(): Promise<RunningRedis | undefined> {
    for (
      let waitMs = FIRST_WAIT_MS;
      !stopping.signal.aborted;
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)
    ) {
      try {
        return await startRedis({ dataDir: folder, lingerMs: LINGER_MS, url });
      } catch (error) {
        say(`Redis did not start again: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    return undefined;
  }

  return {
    url,
    async stop() {
      stopping.abort();
      await redis.stop();
      await keeper;
      await redis.stop(); // the one that was being started when the stop came
    },
  };
}
