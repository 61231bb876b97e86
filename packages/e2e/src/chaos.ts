import { setTimeout as sleep } from "node:timers/promises";
import { chaosProxy } from "@drover/testkit";
import { type Battlefield, FAULT_KINDS, type Fault, planFaults, seededRandom, strike } from "./faults.js";
import { Ledger } from "./ledger.js";
import { filesWithoutOwner } from "./owners.js";
import { System } from "./system.js";

export interface ChaosOptions {
  /** The same seed strikes the same faults at the same times. */
  readonly seed: number;
  /** How long faults strike, in s. */
  readonly seconds: number;
  readonly faults: number;
  /** Kinds of faults. Default: all. */
  readonly kinds?: readonly Fault[];
  /** Clients that submit at a time. Default 4. */
  readonly clients?: number;
  /** Whether workers have the lease of production. Default false. */
  readonly hasRealLease?: boolean;
  readonly print: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly faults: number;
  readonly submitted: number;
  readonly accepted: number;
  readonly completed: number;
  readonly cancelled: number;
  /** Jobs that took more than one attempt. */
  readonly restarted: number;
  /** Broken promises; empty when all is well. */
  readonly complaints: readonly string[];
}

const SETTLE_MS = 120_000;

/** Sweeps often and with a grace of twice the longest attempt, so that the end can be judged soon. */
const ENV = {
  DROVER_SWEEP_INTERVAL: "1s",
  DROVER_ORPHAN_GRACE: "6s",
  DROVER_CONCURRENCY: "2",
  DROVER_DRAIN_TIMEOUT: "2s",
};

/**
 * The ledger test: clients write down what they were promised while faults strike; healed and swept, every
 * promise is checked.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const { hasRealLease = false } = options;
  const system = await System.start({ apis: 0, workers: 0, env: ENV, hasRealLease });
  const apiProxy = await chaosProxy(system.redis.url);
  const workerProxy = await chaosProxy(system.redis.url);
  try {
    const field: Battlefield = {
      system,
      apiProxy,
      workerProxy,
      pastLeaseMs: hasRealLease ? 12_000 : 5_000,
      startApi: () => system.startApi({ REDIS_URL: apiProxy.url }),
      startWorker: () => system.startWorker({ REDIS_URL: workerProxy.url }),
    };
    await Promise.all([field.startWorker(), field.startWorker(), field.startWorker()]);
    await Promise.all([field.startApi(), field.startApi()]);
    const ledger = new Ledger(() => system.apis.filter((api) => api.isRunning).map((api) => api.url), random);
    const stop = new AbortController();
    const clients = ledger.run(options.clients ?? 4, stop.signal);
    await strikeAll(field, options);
    stop.abort();
    await clients;
    await ledger.settle(SETTLE_MS);
    const complaints = [...ledger.complaints, ...(await filesWithoutOwner(system))];
    return report(options, ledger, complaints);
  } finally {
    await Promise.all([apiProxy.close(), workerProxy.close()]);
    await system.stop();
  }
}

/** Faults of different kinds may overlap, as they do in life; two of one kind do not. */
async function strikeAll(field: Battlefield, options: ChaosOptions): Promise<void> {
  const random = seededRandom(options.seed + 1);
  const startedAt = performance.now();
  const busy = new Map<string, Promise<void>>();
  for (const { atMs, fault } of planFaults(random, {
    count: options.faults,
    durationMs: options.seconds * 1_000,
    kinds: options.kinds ?? FAULT_KINDS,
  })) {
    await sleep(Math.max(0, atMs - (performance.now() - startedAt)));
    await busy.get(fault);
    options.print(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${fault}`);
    busy.set(fault, strike(field, fault, random));
  }
  await Promise.all(busy.values());
}

function report(options: ChaosOptions, ledger: Ledger, complaints: readonly string[]): ChaosReport {
  const ended = (status: string) =>
    ledger.entries.filter((entry) => entry.terminal?.status === status).length;
  return {
    seed: options.seed,
    faults: options.faults,
    submitted: ledger.entries.length,
    accepted: ledger.entries.filter((entry) => entry.jobId !== undefined).length,
    completed: ended("completed"),
    cancelled: ended("cancelled"),
    restarted: ledger.entries.filter((entry) => entry.seen.some((seen) => /^\w+ ([2-9]|\d\d)\//.test(seen)))
      .length,
    complaints,
  };
}
