import * as z from "zod";
import { AskedTenant, Time } from "./fields.js";
import { PROCESSOR_PARAMS, type Route } from "./route-parts.js";

/** How far back statistics look. */
export const StatsWindow = z.enum(["1h", "24h", "7d"]);
export type StatsWindow = z.output<typeof StatsWindow>;

/** Durations in short, in ms. */
export const DurationSummary = z
  .object({
    mean: z.number(),
    p50: z.number().describe("Within 9 %, as the other percentiles."),
    p95: z.number(),
    p99: z.number(),
  })
  .meta({ id: "DurationSummary" });
export type DurationSummary = z.output<typeof DurationSummary>;

/** How jobs ended, and how long they took. */
export const JobStats = z
  .object({
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    success_rate: z
      .number()
      .nullable()
      .describe("Completed of those that completed or failed, 0 to 1; null when there are none."),
    failures: z.record(z.string(), z.int()).describe("Failed jobs by their `error.code`."),
    wait_ms: DurationSummary.nullable().describe(
      "From when a job could run (its submit, or `run_at`) to the start of its last attempt. Null when no " +
        "attempt began.",
    ),
    run_ms: DurationSummary.nullable().describe("From the start of the last attempt to the end."),
  })
  .meta({ id: "JobStats" });
export type JobStats = z.output<typeof JobStats>;

/** How the jobs of a window ended: of all processors together, and of each. */
export const Stats = z
  .object({
    window: StatsWindow,
    from: Time.describe("Where the window begins: up to 10 minutes earlier than asked for."),
    to: Time,
    total: JobStats,
    processors: z.array(JobStats.extend({ processor: z.string() })),
  })
  .meta({ id: "Stats" });
export type Stats = z.output<typeof Stats>;

/** How much work there is for the workers of a processor. */
export const Scale = z
  .object({
    processor: z.string(),
    jobs: z.int().describe("That need a slot now: waiting, prioritized and active ones together."),
    jobs_per_slot: z.number().describe("Over 1 when jobs wait for a slot. Without any slot: `jobs`."),
    waiting: z.int().describe("Came back from a lost worker, or their time has just come."),
    prioritized: z.int().describe("Wait for a worker in the order of their priorities, as new jobs do."),
    active: z.int(),
    delayed: z.int().describe("Wait for their time or their retry; need no slot yet."),
    oldest_waiting_ms: z
      .int()
      .describe("How long the one has waited that has waited longest of those that could run; 0 for none."),
    workers: z.int(),
    slots: z.int(),
  })
  .meta({ id: "Scale" });
export type Scale = z.output<typeof Scale>;

/** What has been done, and what there is to do. */
export const loadRoutes = {
  getStats: {
    method: "GET",
    path: "/api/stats",
    group: "Operations",
    access: "read",
    summary: "How the jobs of the last hour, day or week ended, and how long they took.",
    description:
      "Of the caller's jobs; for an admin, of all. By the processors in the catalogue. The same from each " +
      "process, and kept when all of them are started again. A job counts when its end is recorded, also when it is deleted later; one that a person retries " +
      "counts once for each end. Read at most every 2 s.",
    query: z.strictObject({ window: StatsWindow.default("24h"), tenant: AskedTenant.optional() }),
    answers: { 200: { description: "The figures.", schema: Stats } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  getScale: {
    method: "GET",
    path: "/api/scale/{processor}",
    group: "Operations",
    access: "admin",
    summary: "How many jobs need a slot now, for what starts and stops workers.",
    description:
      "For an autoscaler, such as KEDA's `metrics-api`: `jobs` over the slots of one worker. Of all tenants together.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "The figures.", schema: Scale } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
} as const satisfies Record<string, Route>;
