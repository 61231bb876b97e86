import type { EventBus } from "@drover/core";
import type { MetricRegistry } from "./metric-registry.js";

/** Methods that HTTP clients use; any other one is counted as `other`. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Has the events of a process counted: those that api and worker have in common. */
function countShared(registry: MetricRegistry, events: EventBus): void {
  events.on("redis.answered", ({ durationMs }) =>
    registry.time("drover_redis_round_trip_seconds", [], durationMs),
  );
  events.on("redis.failed", ({ reason }) => registry.count("drover_redis_errors_total", [reason]));
  events.on("job.late", ({ processor }) => registry.count("drover_jobs_late_total", [processor]));
}

/** Has the events of an api counted. */
export function countApiEvents(registry: MetricRegistry, events: EventBus): void {
  countShared(registry, events);
  for (const kind of ["long_poll", "event_stream"] as const) registry.set("drover_held_requests", [kind], 0);
  events.on("held.opened", ({ kind }) => registry.change("drover_held_requests", [kind], 1));
  events.on("held.closed", ({ kind }) => registry.change("drover_held_requests", [kind], -1));
  events.on("job.submitted", ({ processor }) => registry.count("drover_jobs_submitted_total", [processor]));
  events.on("request.ended", ({ method, route = "none", status, durationMs }) => {
    const verb = METHODS.has(method) ? method : "other";
    registry.count("drover_http_requests_total", [verb, route, String(status ?? "gone")]);
    if (durationMs !== undefined)
      registry.time("drover_http_request_duration_seconds", [verb, route], durationMs);
  });
}

/**
 * Has the events of a worker counted.
 * @param processors those that it serves: they are shown before the first job.
 */
export function countWorkerEvents(
  registry: MetricRegistry,
  events: EventBus,
  processors: readonly string[],
): void {
  countShared(registry, events);
  for (const processor of processors)
    registry.count("drover_attempts_ended_total", [processor, "completed", ""], 0);
  events.on("attempt.started", ({ processor, waitedMs }) => {
    if (waitedMs !== null) registry.time("drover_job_wait_seconds", [processor], waitedMs);
  });
  events.on("attempt.ended", ({ processor, outcome, code, isRetried, durationMs }) => {
    registry.count("drover_attempts_ended_total", [processor, outcome, code ?? ""]);
    registry.time("drover_attempt_duration_seconds", [processor], durationMs);
    if (isRetried) registry.count("drover_attempt_retries_total", [processor, code ?? ""]);
  });
  events.on("worker.lost", ({ processor }) => registry.count("drover_workers_lost_total", [processor]));
  events.on("delivery.tried", ({ status, problem, durationMs }) => {
    registry.count("drover_webhook_attempts_total", [status, problem ?? ""]);
    registry.time("drover_webhook_duration_seconds", [], durationMs);
  });
  events.on("sweep.ended", ({ isWhole, durationMs, done }) => {
    registry.count("drover_sweeps_total", [isWhole ? "whole" : "partial"]);
    registry.time("drover_sweep_duration_seconds", [], durationMs);
    for (const [what, count] of Object.entries(done)) registry.count("drover_swept_total", [what], count);
  });
  events.on("store.seen", ({ kind, bytes }) => {
    if (bytes === undefined) registry.clear("drover_stored_bytes");
    else registry.set("drover_stored_bytes", [kind], bytes);
  });
}
