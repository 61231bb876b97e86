import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedisServer, startRedis } from "@drover/embedded-redis";
import { inject } from "vitest";
import "./docker-engine.js";

/** A real Redis for one test file. */
export interface TestRedis {
  readonly url: string;
  /** A prefix for keys that nothing else uses; one for each test. */
  prefix(): string;
  /** Stops it; of a Redis that was given by `REDIS_URL`, only the keys under the prefixes handed out are removed. */
  stop(): Promise<void>;
}

const IMAGE = "redis:7.4-alpine";
const IMAGE_COMMAND = [
  "redis-server",
  "--appendonly",
  "yes",
  "--maxmemory-policy",
  "noeviction",
  "--save",
  "",
];

/**
 * The Redis at `REDIS_URL` when that is set; else one in a container when a Docker engine answers; else one that this machine's
 * `redis-server` runs on a free port. For a file's `beforeAll`; `stop` belongs in its `afterAll`.
 */
export async function testRedis(): Promise<TestRedis> {
  const shared = process.env["REDIS_URL"];
  if (shared !== undefined && shared !== "") return sharedRedis(shared);
  return inject("hasDockerEngine") ? containerRedis() : privateRedis();
}

function uniquePrefix(): string {
  return `drover-test-${randomBytes(6).toString("hex")}`;
}

function sharedRedis(url: string): TestRedis {
  const handedOut: string[] = [];
  return {
    url,
    prefix() {
      const prefix = uniquePrefix();
      handedOut.push(prefix);
      return prefix;
    },
    stop: () => removeKeys(url, handedOut.splice(0)),
  };
}

/** A prefix may stand behind the brace of a hash tag, so it is looked for anywhere in the key. */
async function removeKeys(url: string, prefixes: readonly string[]): Promise<void> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url);
  try {
    for (const prefix of prefixes) {
      for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
        if (keys.length > 0) await redis.unlink(...keys);
      }
    }
  } finally {
    redis.disconnect();
  }
}

async function containerRedis(): Promise<TestRedis> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(IMAGE)
    .withCommand(IMAGE_COMMAND)
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    prefix: uniquePrefix,
    stop: async () => {
      await container.stop();
    },
  };
}

export interface PrivateRedis extends TestRedis {
  /** To its process: SIGSTOP makes it silent, SIGCONT lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Sets one of its settings while it runs. */
  configure(setting: string, value: string): Promise<void>;
}

/** A Redis of this machine that no other test uses, whatever `REDIS_URL` says: for tests that configure or pause it. */
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
