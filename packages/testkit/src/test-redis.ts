import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedisServer, startRedis } from "@drover/embedded-redis";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Whether a Docker engine answers. */
    readonly hasDockerEngine: boolean;
    /** The Redis of this run of the unit tests, or why there is none. */
    readonly redis: { readonly url: string } | { readonly trouble: string };
  }
}

/** A real Redis that other tests use at the same time, each under prefixes of its own. */
export interface TestRedis {
  readonly url: string;
  /** A prefix for keys that nothing else uses; one for each test. */
  prefix(): string;
  /** Removes the keys under the prefixes handed out. */
  stop(): Promise<void>;
}

/**
 * The Redis of this run of the unit tests: the one at `REDIS_URL` when that is set; else one in a container
 * when a Docker engine answers; else one that this machine's `redis-server` runs on a free port.
 * @throws when there is none, saying why.
 */
export async function testRedis(): Promise<TestRedis> {
  const redis = inject("redis");
  if ("trouble" in redis) throw new Error(`This test needs a Redis. ${redis.trouble}`);
  const handedOut: string[] = [];
  return {
    url: redis.url,
    prefix() {
      const prefix = uniquePrefix();
      handedOut.push(prefix);
      return prefix;
    },
    stop: () => removeKeys(redis.url, handedOut.splice(0)),
  };
}

function uniquePrefix(): string {
  return `drover-test-${randomBytes(6).toString("hex")}`;
}

/** A prefix may stand behind the brace of a hash tag, so it is looked for anywhere in the key. */
async function removeKeys(url: string, prefixes: readonly string[]): Promise<void> {
  if (prefixes.length === 0) return;
  const { Redis } = await import("ioredis");
  const redis = new Redis(url);
  try {
    for await (const keys of redis.scanStream({ match: "*drover-test-*", count: 1_000 })) {
      const own = (keys as string[]).filter((key) => prefixes.some((prefix) => key.includes(prefix)));
      if (own.length > 0) await redis.unlink(...own);
    }
  } finally {
    redis.disconnect();
  }
}

/** A Redis of one test file, of which it may also change settings and stop the process. */
export interface PrivateRedis extends TestRedis {
  /** To its process: SIGSTOP makes it silent, SIGCONT lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Sets one of its settings while it runs. */
  configure(setting: string, value: string): Promise<void>;
  /** Ends its process and removes its data. */
  stop(): Promise<void>;
}

/**
 * A Redis of this machine that no other test uses, whatever `REDIS_URL` says: for tests that configure or
 * pause it. For a file's `beforeAll`; `stop` belongs in its `afterAll`.
 */
export async function privateRedis(): Promise<PrivateRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), "drover-test-redis-"));
  const redis = await startRedis({ dataDir, program: await findRedisServer({ mayInstall: false }) });
  return {
    url: redis.url,
    prefix: uniquePrefix,
    signal: (name) => {
      process.kill(redis.pid, name);
    },
    configure: async (setting, value) => {
      const { Redis } = await import("ioredis");
      const client = new Redis(redis.url);
      await client.config("SET", setting, value);
      client.disconnect();
    },
    stop: async () => {
      await redis.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
