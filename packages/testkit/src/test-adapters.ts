import { constants } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore, Log, QueuePorts } from "@drover/core";
import { INSTALLATION_KEY, putText } from "@drover/job-files";
import { createDiskStore } from "@drover/storage";
import { onTestFinished } from "vitest";
import { testRedis } from "./test-redis.js";

/** A log of which nothing is read. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * A queue on the run's Redis with a prefix of its own, for one test or its `beforeEach`. It is closed and its
 * keys are removed when that test is over, after its `afterEach`.
 * @param prefix of a queue that is shared. Default: one that nothing else uses.
 */
export async function testQueue(prefix?: string): Promise<QueuePorts> {
  const { connectQueue } = await import("@drover/queue");
  const redis = await testRedis();
  const queue = connectQueue({ url: redis.url, prefix: prefix ?? redis.prefix(), log: silentLog });
  onTestFinished(async () => {
    await queue.close();
    await redis.stop();
  });
  return queue;
}

/**
 * What stands before an adapter in a test that injects a failure or watches its calls.
 * @returns an object that does what `methods` say, and all else as `adapter` does.
 */
export function withMethods<T extends object>(adapter: T, methods: Partial<T>): T {
  return new Proxy(adapter, {
    get(target, name) {
      if (name in methods) return Reflect.get(methods, name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member; // it may have private members
    },
  });
}

/**
 * Linux's file system in memory, where a sync costs nothing; a store syncs each file and the folders above
 * it.
 */
const MEMORY_FOLDER = "/dev/shm";

/** A store on a disk, and where it is. */
export interface TestStore {
  readonly store: BlobStore;
  readonly folder: string;
}

/**
 * A store in a temporary folder of its own, installation file included, for one test or its `beforeEach`. The
 * folder is removed when that test is over, after its `afterEach`.
 */
export async function testStore(): Promise<TestStore> {
  const parent = await access(MEMORY_FOLDER, constants.W_OK).then(
    () => MEMORY_FOLDER,
    () => tmpdir(),
  );
  const folder = await mkdtemp(join(parent, "drover-test-store-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { store: await storeIn(folder), folder };
}

/** A store in the folder, which is made when it is missing; whoever made it removes it. */
export async function storeIn(folder: string): Promise<BlobStore> {
  const store = createDiskStore({ folder });
  await putText(INSTALLATION_KEY, JSON.stringify({ version: 1, id: "test" }), store);
  return store;
}
