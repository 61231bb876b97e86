import {
  type Catalogue,
  type FinishedJobs,
  type Leases,
  type ProcessorInfo,
  type QueueDeadlines,
  type QueueHealth,
  queueDeadline,
  type SharedFacts,
  type WorkerInfo,
} from "@drover/core";
import { newEntry } from "./job-queue.js";
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
      runId: "memory",
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
    async expire({ id }, time) {
      const entry = state.entries.get(id);
      if ((entry?.finishedAt ?? Number.POSITIVE_INFINITY) >= time) return false;
      state.entries.delete(id);
      state.expired.add(id);
      return true;
    },
    isExpired: async ({ id }) => state.expired.has(id),
    async restore(request, end) {
      const known = state.entries.get(request.id);
      if (known !== undefined && (known.reopenedEnd ?? 0) >= end.at) return "reopened";
      if (known?.status === "running" || (known?.finishedAt ?? 0) >= end.at) return "kept";
      const { status, at, attempt, ...rest } = end;
      const entry = newEntry(state, request);
      state.entries.set(request.id, entry);
      state.change(
        entry,
        { status, finishedAt: at, started: attempt, until: null, end: rest },
        { type: "restored", at: Date.now() },
      );
      return "restored";
    },
    clearRemains: async ({ id }) => !state.entries.has(id),
    synced: async () => {},
  };
}

/** Leases of this process. */
export function memoryLeases(): Leases {
  const leases = new Map<string, { holder: string; until: number }>();
  return {
    async hold(name, holder, ttlMs) {
      const lease = leases.get(name);
      if (lease !== undefined && lease.holder !== holder && lease.until > Date.now()) return false;
      leases.set(name, { holder, until: Date.now() + ttlMs });
      return true;
    },
    async release(name, holder) {
      if (leases.get(name)?.holder === holder) leases.delete(name);
    },
  };
}

/** The jobs that wait for too long. */
export function deadlinesOf(state: MemoryState): QueueDeadlines {
  return {
    async failLate(limit) {
      const late = [...state.entries.values()]
        .filter((e) => e.status === "queued" && e.started === 0)
        .filter((e) => (queueDeadline(e.request) ?? Number.POSITIVE_INFINITY) < Date.now())
        .slice(0, limit);
      const message = "The job waited longer than its limit before a worker was free.";
      for (const entry of late)
        state.finish(entry, "failed", { error: { code: "queue_timeout", message, retryable: false } });
      return late.map((e) => e.request.id);
    },
  };
}
