import type {
  Catalogue,
  FinishedJobs,
  ProcessorInfo,
  QueueHealth,
  SharedFacts,
  WorkerInfo,
} from "@drover/core";
import type { MemoryState } from "./state.js";

/** Workers and processors, for as long as this process lives. */
export function memoryCatalogue(): Catalogue {
  const workers = new Map<string, WorkerInfo>();
  const processors = new Map<string, ProcessorInfo>();
  return {
    async announce(worker, infos) {
      workers.set(worker.id, worker);
      for (const info of infos) processors.set(info.name, info);
    },
    async withdraw(id) {
      workers.delete(id);
    },
    read: async () => ({ processors: [...processors.values()], workers: [...workers.values()] }),
  };
}

/** Facts with expiry. */
export function memoryFacts(): SharedFacts {
  const facts = new Map<string, { value: string; until: number }>();
  return {
    async set(name, value, ttlMs) {
      facts.set(name, { value, until: Date.now() + ttlMs });
    },
    async get(name) {
      const fact = facts.get(name);
      return fact !== undefined && fact.until > Date.now() ? fact.value : undefined;
    },
  };
}

/** A queue that is always reachable and promises nothing. */
export function healthOf(state: MemoryState): QueueHealth {
  return {
    ping: async () => {},
    inspect: async () => ({
      version: "memory",
      durability: "none",
      evictionPolicy: "noeviction",
      usedMemoryBytes: 0,
      maxMemoryBytes: 0,
    }),
    async depth(processor) {
      const own = [...state.entries.values()].filter((e) => e.request.processor === processor);
      return {
        queued: own.filter((e) => e.status === "queued").length,
        running: own.filter((e) => e.status === "running").length,
      };
    },
  };
}

/** The finished jobs by age. */
export function finishedOf(state: MemoryState): FinishedJobs {
  return {
    async finishedBefore(processor, status, time, limit) {
      return [...state.entries.values()]
        .filter((e) => e.request.processor === processor && (e.finishedAt ?? Number.POSITIVE_INFINITY) < time)
        .filter((e) => (e.status === "completed") === (status === "completed"))
        .sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0))
        .slice(0, limit)
        .map((e) => e.request.id);
    },
  };
}
