import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INSTALLATION_KEY } from "@drover/job-files";
import { describe } from "vitest";
import { chunksOf } from "../bytes.js";
import { adoptTopic } from "./adopt.js";
import type { BlobBench, CreateBlobStore } from "./bench.js";
import { failureTopic } from "./failure.js";
import { keysTopic } from "./keys.js";
import { readTopic } from "./read.js";
import { removeTopic } from "./remove.js";
import { writeTopic } from "./write.js";

export type { CreateBlobStore } from "./bench.js";

/** The behaviour that every `BlobStore` has. `create` makes an empty store in a folder that is the test's own and is removed afterwards. */
export function blobSuite(name: string, create: CreateBlobStore): void {
  const withBench = (body: (bench: BlobBench) => Promise<void>) => async () => {
    const folder = await mkdtemp(join(tmpdir(), "drover-blobs-"));
    const { store, close } = await create(join(folder, "store"));
    try {
      await store.put(INSTALLATION_KEY, chunksOf("{}"));
      await body({ store, folder });
    } finally {
      await close?.();
      await rm(folder, { recursive: true });
    }
  };
  describe(`a blob store: ${name}`, () => {
    for (const topic of [writeTopic, failureTopic, readTopic, adoptTopic, removeTopic, keysTopic]) {
      topic(withBench);
    }
  });
}
