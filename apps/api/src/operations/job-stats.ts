import type { DurationSummary, JobStats, Stats, StatsWindow } from "@drover/contract";
import { addDurations, type Durations, type EndedJobs, meanMs, percentileMs, spanOf } from "@drover/core";
import { depsOfTenant } from "../access/tenants.js";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";

export const getStats: Handler<"getStats"> = async (input, deps) =>
  ok(await recentStats(input.query.window, depsOfTenant(input.query.tenant, deps)), {
    "Cache-Control": "no-store",
  });

const HOUR_MS = 3_600_000;
const WINDOW_MS: Readonly<Record<StatsWindow, number>> = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 7 * 24 * HOUR_MS,
};

/** How long figures stand, in ms: a window of a week is some thousand small hashes in Redis. */
const FRESH_MS = 2_000;

const latest = new WeakMap<Deps, Map<StatsWindow, { readonly stats: Promise<Stats>; readonly at: number }>>();

function recentStats(window: StatsWindow, deps: Deps): Promise<Stats> {
  const known = latest.get(deps) ?? new Map();
  latest.set(deps, known);
  const before = known.get(window);
  if (before !== undefined && performance.now() - before.at < FRESH_MS) return before.stats;
  const stats = readStats(window, deps);
  known.set(window, { stats, at: performance.now() });
  stats.catch(() => known.delete(window)); // the next request asks again
  return stats;
}

async function readStats(window: StatsWindow, deps: Deps): Promise<Stats> {
  const now = deps.now();
  const since = now - WINDOW_MS[window];
  const processors = await deps.processors.list();
  const ended = await Promise.all(
    processors.map(async ({ name }) => ({ name, jobs: await deps.queue.statistics.read(name, since) })),
  );
  return {
    window,
    from: new Date(spanOf(since)).toISOString(),
    to: new Date(now).toISOString(),
    total: view(ended.map(({ jobs }) => jobs).reduce(together, NOTHING_ENDED)),
    processors: ended.map(({ name, jobs }) => ({ processor: name, ...view(jobs) })),
  };
}

const NO_DURATIONS: Durations = { sumMs: 0, classes: new Map() };
/** What came to an end where nothing did. */
export const NOTHING_ENDED: EndedJobs = {
  completed: 0,
  cancelled: 0,
  failures: {},
  wait: NO_DURATIONS,
  run: NO_DURATIONS,
};

/** What ended in both. */
export function together(a: EndedJobs, b: EndedJobs): EndedJobs {
  const failures: Record<string, number> = { ...a.failures };
  for (const [code, count] of Object.entries(b.failures)) failures[code] = (failures[code] ?? 0) + count;
  return {
    completed: a.completed + b.completed,
    cancelled: a.cancelled + b.cancelled,
    failures,
    wait: addDurations(a.wait, b.wait),
    run: addDurations(a.run, b.run),
  };
}

function view({ completed, cancelled, failures, wait, run }: EndedJobs): JobStats {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const decided = completed + failed;
  return {
    completed,
    failed,
    cancelled,
    success_rate: decided === 0 ? null : Math.round((completed / decided) * 10_000) / 10_000,
    failures,
    wait_ms: summaryOf(wait),
    run_ms: summaryOf(run),
  };
}

function summaryOf(durations: Durations): DurationSummary | null {
  const mean = meanMs(durations);
  if (mean === undefined) return null;
  const percentile = (share: number) => Math.round(percentileMs(durations, share) ?? 0);
  return { mean: Math.round(mean), p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}
