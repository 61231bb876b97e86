import type { TrendSpan, Trends } from "@drover/contract";
import { COUNTED_SPAN_MS, type EndedJobs, percentileMs, type StorageSample, spanOf } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";
import { NOTHING_ENDED, together } from "./job-stats.js";

const WINDOW_MS: Readonly<Record<Trends["window"], number>> = { "6h": 6 * 3_600_000, "24h": 24 * 3_600_000 };

/** How long trends stand, in ms: a day of ten processors is some thousand small hashes in Redis. */
const FRESH_MS = 10_000;
const latest = new WeakMap<
  Deps["queue"]["storageHistory"],
  Map<Trends["window"], { readonly at: number; readonly trends: Promise<Trends> }>
>();

export const getTrends: Handler<"getTrends"> = async ({ query: { window } }, deps) => {
  const known = latest.get(deps.queue.storageHistory) ?? new Map();
  latest.set(deps.queue.storageHistory, known);
  const before = known.get(window);
  const isFresh = before !== undefined && performance.now() - before.at < FRESH_MS;
  const trends: Promise<Trends> = isFresh ? before.trends : readTrends(window, deps);
  if (!isFresh) {
    known.set(window, { trends, at: performance.now() });
    trends.catch(() => known.delete(window)); // the next request asks again
  }
  return ok(await trends, { "Cache-Control": "no-store" });
};

async function readTrends(window: Trends["window"], deps: Deps): Promise<Trends> {
  const now = deps.now();
  const since = now - WINDOW_MS[window];
  const names = (await deps.processors.list()).map(({ name }) => name);
  const [samples, ...counts] = await Promise.all([
    deps.queue.storageHistory.read(since),
    ...names.map((name) => deps.queue.statistics.readSpans(name, since)),
  ]);
  const ended = new Map<number, EndedJobs>();
  for (const { span, jobs } of counts.flat())
    ended.set(span, together(ended.get(span) ?? NOTHING_ENDED, jobs));
  const sampled = new Map(samples.map((sample) => [spanOf(sample.at), sample]));
  const spans: TrendSpan[] = [];
  for (let span = spanOf(since); span <= now; span += COUNTED_SPAN_MS)
    spans.push(viewSpan(span, ended.get(span) ?? NOTHING_ENDED, sampled.get(span)));
  return { window, span_ms: COUNTED_SPAN_MS, spans };
}

function viewSpan(span: number, ended: EndedJobs, sample: StorageSample | undefined): TrendSpan {
  const { completed, cancelled, failures, wait, run } = ended;
  const percentile = (durations: EndedJobs["wait"], share: number) => {
    const ms = percentileMs(durations, share);
    return ms === undefined ? null : Math.round(ms);
  };
  return {
    at: new Date(span).toISOString(),
    ...{ completed, cancelled, failures: { ...failures } },
    wait_p50_ms: percentile(wait, 0.5),
    wait_p95_ms: percentile(wait, 0.95),
    run_p50_ms: percentile(run, 0.5),
    run_p95_ms: percentile(run, 0.95),
    storage: sample === undefined ? null : { size_bytes: sample.sizeBytes, free_bytes: sample.freeBytes },
  };
}
