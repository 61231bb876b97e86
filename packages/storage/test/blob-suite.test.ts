import { blobSuite } from "@drover/testkit";
import { createDiskStore, createMemoryStore } from "../src/index.js";

blobSuite("memory", async () => ({ store: createMemoryStore() }));
blobSuite("disk", async (folder) => ({ store: createDiskStore({ folder }) }));
