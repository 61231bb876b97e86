import { DomainError, type ErrorCode } from "@drover/core";
import type { Deps } from "../deps.js";
import { ok } from "../reply.js";
import type { Handler } from "./handler.js";

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
  const { redis, storage } = await recentChecks(deps);
  const draining = deps.stopping.aborted;
  const { state } = deps.installation;
  const pair = state.kind === "refused" ? state : undefined;
  const code = worst({ draining, redis, storage: storage && pair === undefined, pairCode: pair?.code });
  if (code === undefined) {
    return ok(
      { status: "ready", timestamp: new Date(deps.now()).toISOString() },
      { "Cache-Control": "no-store" },
    );
  }
  const said = (passed: boolean) => (passed ? "ok" : "failed");
  throw new DomainError(
    code,
    `Not ready: redis ${said(redis)}, storage ${said(storage)}${draining ? ", stopping" : ""}.${pair === undefined ? "" : ` ${pair.detail}`}`,
    { members: { checks: { redis: said(redis), storage: said(storage && pair === undefined), draining } } },
  );
};

interface Checks {
  readonly redis: boolean;
  readonly storage: boolean;
}

/** How long an answer of the checks stands, in ms, counted from when it was there: the probes of many load balancers cost one check. */
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
  const [redis, storage] = await Promise.all([passes(deps.queue.health.ping()), passes(deps.store.check())]);
  return { redis, storage };
}

/** `pairCode` says why Redis and storage do not belong together. */
function worst(
  checks: Checks & { readonly draining: boolean; readonly pairCode: ErrorCode | undefined },
): ErrorCode | undefined {
  if (checks.draining) return "draining";
  if (!checks.redis) return "redis_unavailable";
  return checks.storage ? undefined : (checks.pairCode ?? "storage_unavailable");
}

/** Whether the check resolves within `CHECK_MS`: a probe that hangs is a probe that failed. */
async function passes(check: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, false);
  });
  try {
    return await Promise.race([
      check.then(
        () => true,
        () => false,
      ),
      tooLate,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws `draining` once the process has begun to stop. */
export function assertNotStopping(deps: Pick<Deps, "stopping">): void {
  if (!deps.stopping.aborted) return;
  throw new DomainError("draining", "This process is stopping and takes no new work; another one will.", {
    retryAfterS: 1,
  });
}
