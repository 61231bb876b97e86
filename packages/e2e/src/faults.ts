import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosProxy } from "@drover/testkit";
import type { DroverProcess } from "./drover-process.js";
import type { System } from "./system.js";

/** What can strike, and how long it lasts in ms; `null` is longer than a lease. */
const FAULTS = {
  "kill a worker": 1_000,
  "pause a worker past its lease": null,
  "kill an api": 1_000,
  "kill Redis": 1_500,
  "cut the workers from Redis": 2_000,
  "cut the apis from Redis": 2_000,
  "silence between workers and Redis": null,
  "silence between apis and Redis": 4_000,
} as const;

export type Fault = keyof typeof FAULTS;

/** What faults strike at. Each kind of process reaches Redis through a proxy of its own. */
export interface Battlefield {
  readonly system: System;
  readonly apiProxy: ChaosProxy;
  readonly workerProxy: ChaosProxy;
  /** Longer than a lease and the search for lost ones, in ms. */
  readonly pastLeaseMs: number;
  startApi(): Promise<DroverProcess>;
  startWorker(): Promise<DroverProcess>;
}

/** A fault with its time, in ms from the start. */
export interface PlannedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** Every kind of fault. */
export const FAULT_KINDS = Object.keys(FAULTS) as readonly Fault[];

/**
 * `count` faults of the kinds spread over `durationMs`, each kind at least once where there are enough. The
 * same random numbers give the same plan.
 */
export function planFaults(
  random: () => number,
  plan: { readonly count: number; readonly durationMs: number; readonly kinds: readonly Fault[] },
): readonly PlannedFault[] {
  const { count, durationMs, kinds } = plan;
  const spacing = durationMs / count;
  const offset = Math.floor(random() * kinds.length);
  return Array.from({ length: count }, (_, i) => {
    const inTurn = i < kinds.length ? kinds[(i + offset) % kinds.length] : undefined;
    return { atMs: spacing * (i + random()), fault: inTurn ?? pick(random, kinds) };
  });
}

/** Lets one fault strike and heals it, as a supervisor and a network would. Resolves when it is healed. */
export async function strike(field: Battlefield, fault: Fault, random: () => number): Promise<void> {
  const lastsMs = FAULTS[fault] ?? field.pastLeaseMs;
  switch (fault) {
    case "kill a worker":
      return replace(pickRunning(field.system.workers, random), lastsMs, field.startWorker);
    case "kill an api":
      return replace(pickRunning(field.system.apis, random), lastsMs, field.startApi);
    case "pause a worker past its lease":
      return pause(pickRunning(field.system.workers, random), lastsMs);
    case "kill Redis":
      await field.system.killRedis();
      await sleep(lastsMs);
      return field.system.restartRedis();
    case "cut the workers from Redis":
      return weather(field.workerProxy, "cut", lastsMs);
    case "cut the apis from Redis":
      return weather(field.apiProxy, "cut", lastsMs);
    case "silence between workers and Redis":
      return weather(field.workerProxy, "silence", lastsMs);
    case "silence between apis and Redis":
      return weather(field.apiProxy, "silence", lastsMs);
  }
}

function pickRunning(processes: readonly DroverProcess[], random: () => number): DroverProcess | undefined {
  const running = processes.filter((process) => process.isRunning);
  return running.length === 0 ? undefined : pick(random, running);
}

async function replace(
  victim: DroverProcess | undefined,
  afterMs: number,
  start: () => Promise<DroverProcess>,
): Promise<void> {
  await victim?.kill();
  await sleep(afterMs);
  await start();
}

async function pause(victim: DroverProcess | undefined, forMs: number): Promise<void> {
  victim?.signal("SIGSTOP");
  await sleep(forMs);
  victim?.signal("SIGCONT");
}

async function weather(proxy: ChaosProxy, kind: "cut" | "silence", forMs: number): Promise<void> {
  proxy[kind]();
  await sleep(forMs);
  proxy.heal();
}

/** Numbers that a seed repeats: uniform in [0, 1). Source: mulberry32 by Tommy Ettinger, public domain. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the values, by chance. */
export function pick<T>(random: () => number, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError("nothing to pick from");
  return value;
}
