import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedisServer, startRedis } from "@drover/embedded-redis";
import type { TestProject } from "vitest/node";

/**
 * Runs once before all test files of a project, and its answer after the last. Says whether a Docker engine
 * answers, since loading testcontainers takes longer than most files, and gives the unit tests one Redis that
 * they share.
 * @returns what stops that Redis again; `undefined` when there is nothing to stop.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const hasDockerEngine = await answersDocker();
  project.provide("hasDockerEngine", hasDockerEngine);
  if (project.name !== "unit") return undefined;
  const given = process.env["REDIS_URL"];
  if (given !== undefined && given !== "") {
    project.provide("redis", { url: given });
    return undefined;
  }
  try {
    const { url, stop } = await (hasDockerEngine ? containerRedis() : ownRedis());
    project.provide("redis", { url });
    return stop;
  } catch (error) {
    // Only the tests that need one fail, and say this.
    project.provide("redis", { trouble: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

async function answersDocker(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** A Redis until it is stopped. */
interface StartedRedis {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const IMAGE = "redis:7.4-alpine";
const COMMAND = ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""];

async function containerRedis(): Promise<StartedRedis> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(IMAGE)
    .withCommand(COMMAND)
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => {
      await container.stop();
    },
  };
}

async function ownRedis(): Promise<StartedRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), "drover-test-redis-"));
  const redis = await startRedis({ dataDir, program: await findRedisServer({ mayInstall: false }) });
  return {
    url: redis.url,
    stop: async () => {
      await redis.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
