import type { Stats } from "@drover/client";
import type { StatsWindow } from "@drover/contract";
import { EXIT } from "../exit.js";
import { visible } from "../show.js";
import { type Context, print } from "./context.js";

export interface StatsOptions {
  readonly window: StatsWindow;
  readonly json?: boolean;
}

/** `drover stats`: how the jobs of the last hour, day or week ended, a line for each processor. */
export async function showStats(context: Context, options: StatsOptions): Promise<number> {
  const stats = await context.client.stats({ window: options.window });
  print(context, options, stats, describeStats(stats));
  return EXIT.ok;
}

const HEAD = ["processor", "completed", "failed", "cancelled", "success", "wait p50/p95", "run p50/p95"];

/** A table, and below it why jobs failed. */
export function describeStats(stats: Stats): string {
  const rows = [
    HEAD,
    ...stats.processors.map((each) => cellsOf(each.processor, each)),
    cellsOf("all", stats.total),
  ];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  const failures = Object.entries(stats.total.failures).map(([code, count]) => `${count} ${code}`);
  const why = failures.length === 0 ? [] : [`failed: ${failures.join(", ")}`];
  const said = [`From ${stats.from} to ${stats.to}`, ...lines, ...why];
  return said.map((line) => `${visible(line.trimEnd())}\n`).join("");
}

type Ended = Stats["total"];

function cellsOf(name: string, { completed, failed, cancelled, success_rate, wait_ms, run_ms }: Ended) {
  const success = success_rate === null ? "-" : `${(success_rate * 100).toFixed(1)} %`;
  return [
    name,
    String(completed),
    String(failed),
    String(cancelled),
    success,
    spread(wait_ms),
    spread(run_ms),
  ];
}

function spread(durations: Ended["run_ms"]): string {
  return durations === null ? "-" : `${formatDuration(durations.p50)} / ${formatDuration(durations.p95)}`;
}

/** As `12 ms`, `3.4 s`, `12 min`, `5.0 h`. */
function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
