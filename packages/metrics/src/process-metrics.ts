import { monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricRegistry } from "./metric-registry.js";
import { Reading } from "./reading.js";

/** Time between two looks at the event loop, in ms: 50 wake-ups a second, 0.1 % of a core. */
const RESOLUTION_MS = 20;

/**
 * Has the process show its processor time, its memory and how late its event loop is. The loop is watched
 * until the returned function is called.
 *
 * @param about what `drover_build_info` says.
 */
export function watchProcess(
  registry: MetricRegistry,
  about: { readonly process: "api" | "worker"; readonly version: string },
): () => void {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  let cpuSeconds = 0;
  registry.set("drover_build_info", [about.process, about.version], 1);
  registry.set("process_start_time_seconds", [], (Date.now() - performance.now()) / 1_000);
  registry.read(
    new Reading({
      freshMs: 0,
      read: async () => process.cpuUsage(),
      show(usage) {
        if (usage === undefined) return;
        const now = (usage.user + usage.system) / 1_000_000;
        registry.count("process_cpu_seconds_total", [], now - cpuSeconds);
        cpuSeconds = now;
        registry.set("process_resident_memory_bytes", [], process.memoryUsage.rss());
        showLag(registry, loop);
      },
    }),
  );
  return () => {
    loop.disable();
  };
}

/** Since the last call; what Node measures includes the time between two looks. */
function showLag(registry: MetricRegistry, loop: ReturnType<typeof monitorEventLoopDelay>): void {
  const lagOf = (nanoseconds: number) =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1_000) : 0;
  registry.set("nodejs_eventloop_lag_mean_seconds", [], lagOf(loop.mean));
  registry.set("nodejs_eventloop_lag_p99_seconds", [], lagOf(loop.percentile(99)));
  registry.set("nodejs_eventloop_lag_max_seconds", [], lagOf(loop.max));
  loop.reset();
}
