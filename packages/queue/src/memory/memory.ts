import type { QueuePorts } from "@drover/core";
import { MemoryConsumer } from "./consumer.js";
import { jobQueueOf } from "./job-queue.js";
import { memoryInstallation, memoryLiveApis } from "./memory-installation.js";
import { deadlinesOf, finishedOf, healthOf, memoryCatalogue, memoryFacts, memoryLeases } from "./shared.js";
import { MemoryState } from "./state.js";

/** The queue in this process: for tests, and to show what the ports mean without Redis. Nothing survives the process. */
export function createMemoryQueue(options: { readonly random?: () => number } = {}): QueuePorts {
  const state = new MemoryState(options.random ?? Math.random);
  return {
    jobs: jobQueueOf(state),
    attempts: {
      consume: (processor, consumeOptions, execute) =>
        new MemoryConsumer(state, processor, consumeOptions, execute),
    },
    catalogue: memoryCatalogue(),
    facts: memoryFacts(),
    health: healthOf(state),
    finished: finishedOf(state),
    installation: memoryInstallation(state),
    apis: memoryLiveApis(),
    leases: memoryLeases(),
    deadlines: deadlinesOf(state),
    clock: { now: () => Date.now() },
    async close() {
      state.wake.removeAll();
    },
  };
}
