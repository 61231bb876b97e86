import { DomainError, type ErrorCode, type Log, type QueueServer } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

/** Below the 2 s in which every request is answered while Redis is away. */
const CHECK_MS = 1_500;

export const livez: Handler<"livez"> = async (_input, deps) =>
  ok({ status: "alive", timestamp: new Date(deps.now()).toISOString() }, { "Cache-Control": "no-store" });

export const health: Handler<"health"> = async (_input, deps) =>
  ok(
    {
      status: "healthy",
      timestamp: new Date(deps.now()).toISOString(),
      version: deps.version,
      uptime_seconds: Math.round((deps.now() - deps.startedAt) / 100) / 10,
    },
    { "Cache-Control": "no-store" },
  );

export const readyz: Handler<"readyz"> = async (_input, deps) => {
  const { redis, storage, advice } = await recentChecks(deps);
  const draining = deps.stopping.aborted;
  const { state } = deps.installation;
  const pair = state.kind === "refused" ? state : undefined;
  const storageSaid = pair === undefined ? storage : "failed";
  const code = worst({ draining, redis, storage: storageSaid, pairCode: pair?.code });
  if (code === undefined) {
    return ok(
      { status: "ready", timestamp: new Date(deps.now()).toISOString() },
      { "Cache-Control": "no-store" },
    );
  }
  throw new DomainError(
    code,
    [`Not ready: redis ${redis}, storage ${storage}${draining ? ", stopping" : ""}.`, pair?.detail, advice]
      .filter((sentence) => sentence !== undefined)
      .join(" "),
    { members: { checks: { redis, storage: storageSaid, draining } } },
  );
};

interface Checks {
  readonly redis: "ok" | "failed";
  /** `full`: it answers, and takes no more bytes. */
  readonly storage: "ok" | "full" | "failed";
  /** What an operator has to put right, where that is known. */
  readonly advice: string | undefined;
}

/**
 * How long an answer of the checks stands, in ms, counted from when it was there: the probes of many load
 * balancers cost one check.
 */
const FRESH_MS = 2_000;

const lastChecks = new WeakMap<Deps, { readonly checks: Promise<Checks>; endedAt: number }>();

/** The checks as they came out within the last 2 s, those that run now, or new ones. */
function recentChecks(deps: Deps): Promise<Checks> {
  const last = lastChecks.get(deps);
  if (last !== undefined && performance.now() - last.endedAt < FRESH_MS) return last.checks;
  const now = { checks: check(deps), endedAt: Number.POSITIVE_INFINITY }; // fresh while it runs
  lastChecks.set(deps, now);
  now.checks.then(() => {
    now.endedAt = performance.now();
  });
  return now.checks;
}

async function check(deps: Deps): Promise<Checks> {
  let advice: string | undefined;
  const ping = deps.queue.health.ping().catch((error: unknown) => {
    if (error instanceof DomainError) advice = error.advice;
    throw error;
  });
  const [redis, storage] = await Promise.all([outcomeOf(ping), outcomeOf(deps.store.check())]);
  return { redis: redis === "full" ? "failed" : redis, storage, advice };
}

/** `pairCode` says why Redis and storage do not belong together. */
function worst(
  checks: Omit<Checks, "advice"> & { readonly draining: boolean; readonly pairCode: ErrorCode | undefined },
): ErrorCode | undefined {
  if (checks.draining) return "draining";
  if (checks.redis !== "ok") return "redis_unavailable";
  return checks.storage === "ok" ? undefined : (checks.pairCode ?? "storage_unavailable");
}

/** How the check comes out within `CHECK_MS`: a probe that hangs is a probe that failed. */
async function outcomeOf(check: Promise<void>): Promise<"ok" | "full" | "failed"> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<"failed">((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, "failed");
  });
  try {
    return await Promise.race([
      check.then(
        () => "ok" as const,
        (error: unknown) =>
          error instanceof DomainError && error.code === "storage_full" ? "full" : "failed",
      ),
      tooLate,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

const PROMISES: Readonly<Record<QueueServer["durability"], string>> = {
  none: "Redis keeps nothing on disk: when it stops, every job is lost. Turn on AOF (appendonly yes).",
  snapshots:
    "Redis keeps snapshots only: when it dies, the jobs since the last one are lost. Turn on AOF " +
    "(appendonly yes).",
  everysec: "Redis keeps its AOF every second: a kill loses nothing, a power loss up to one second.",
  always: "Redis keeps its AOF at every write: neither a kill nor a power loss loses a job.",
  aof:
    "Redis keeps an AOF, and does not tell this user how often it is synced: with `everysec` a kill loses nothing " +
    "and a power loss up to one second.",
  unknown: "Redis does not say whether it keeps jobs on disk; make sure that AOF is on.",
};

/** Whether the server keeps every job on disk within a second. */
export function isDurable({ durability }: Pick<QueueServer, "durability">): boolean {
  return durability === "everysec" || durability === "always" || durability === "aof";
}

/**
 * Says in words, once at start, what the queue's server promises. A promise that can break Drover's own is a
 * warning.
 */
export function reportServer(server: QueueServer, log: Log): void {
  const fields = { version: server.version, durability: server.durability };
  log[isDurable(server) ? "info" : "warn"](PROMISES[server.durability], fields);
  if (server.evictionPolicy !== "noeviction") {
    log.warn(
      `Redis may evict jobs when its memory is full: maxmemory-policy is ${server.evictionPolicy}, and ` +
        "should be noeviction.",
      { version: server.version },
    );
  }
}
