import * as z from "zod";
import { JobId, Time } from "./fields.js";
import { JobRecord } from "./job-schemas.js";
import { JOB_PARAMS, READ, type Route } from "./route-parts.js";

/** A worker process, as its latest heartbeat and its running attempts tell. */
export const WorkerView = z
  .object({
    worker: z.string().describe("Its id; another one after each start."),
    state: z
      .enum(["ready", "draining", "away"])
      .describe(
        "`draining`: it was asked to stop, lets its attempts end and takes no job. `away`: attempts of it run, and it " +
          "has signed off or was not heard of for 15 s; they end, or run elsewhere.",
      ),
    host: z.string().nullable().describe("Null of one that is away, as the members below."),
    version: z.string().nullable(),
    processors: z.array(z.string()),
    slots: z.int().nullable().describe("Attempts at a time, of each processor."),
    started_at: Time.nullable(),
    heard_at: Time.nullable().describe("Its latest heartbeat; there is one every 5 s."),
    resident_bytes: z.int().nullable().describe("Memory of it and of its child processes."),
    shares_storage: z.boolean().nullable().describe("False: it takes no job, as its storage is another one."),
    running: z
      .array(
        z.object({
          job_id: JobId,
          processor: z.string(),
          filename: z.string(),
          attempt: z.int(),
          progress: z.number(),
          started_at: Time.nullable(),
        }),
      )
      .describe("Newest job first."),
  })
  .meta({ id: "Worker" });
export type WorkerView = z.output<typeof WorkerView>;

export const WorkerList = z.object({ workers: z.array(WorkerView) }).meta({ id: "WorkerList" });
export type WorkerList = z.output<typeof WorkerList>;

/** The worker stops as soon as its next heartbeat, within 5 s, has told it to. */
export const DrainAnswer = z
  .object({ worker: z.string(), state: z.literal("draining") })
  .meta({ id: "DrainAnswer" });
export type DrainAnswer = z.output<typeof DrainAnswer>;

/** How far back trends look. */
export const TrendWindow = z.enum(["6h", "24h"]);
export type TrendWindow = z.output<typeof TrendWindow>;

/** What ended in one span of time, of all processors together. */
export const TrendSpan = z
  .object({
    at: Time.describe("When the span began."),
    completed: z.int(),
    cancelled: z.int(),
    failures: z.record(z.string(), z.int()).describe("Failed jobs by their `error.code`."),
    wait_p50_ms: z.number().nullable().describe("Null when no attempt began."),
    wait_p95_ms: z.number().nullable(),
    run_p50_ms: z.number().nullable(),
    run_p95_ms: z.number().nullable(),
    storage: z
      .object({ size_bytes: z.int(), free_bytes: z.int() })
      .nullable()
      .describe("Of the device that the storage is on; null where that has no size or was not looked at."),
  })
  .meta({ id: "TrendSpan" });
export type TrendSpan = z.output<typeof TrendSpan>;

/** The last hours, span by span, each of ten minutes; the last one has not ended yet. */
export const Trends = z
  .object({ window: TrendWindow, span_ms: z.int(), spans: z.array(TrendSpan).describe("Oldest first.") })
  .meta({ id: "Trends" });
export type Trends = z.output<typeof Trends>;

/** Something that an operator should look at now. */
export const Alert = z
  .object({
    alert: z.enum([
      "oldest_waiting",
      "no_worker",
      "failure_rate",
      "storage_full",
      "redis_not_durable",
      "redis_memory",
      "not_sweeping",
    ]),
    severity: z.enum(["critical", "warning"]),
    processor: z.string().nullable().describe("Null where it is not about one."),
    value: z
      .number()
      .nullable()
      .describe("How bad: ms of the wait, jobs that wait, or a share from 0 to 1; null where there is none."),
  })
  .meta({ id: "Alert" });
export type Alert = z.output<typeof Alert>;

export const AlertList = z.object({ alerts: z.array(Alert) }).meta({ id: "AlertList" });
export type AlertList = z.output<typeof AlertList>;

/** What the operators' pages show beside jobs and processors. */
export const deskRoutes = {
  getJobRecord: {
    method: "GET",
    path: "/api/jobs/{job_id}/record",
    group: "Operations",
    access: "admin",
    summary: "Read a job as the server keeps it.",
    description:
      "For finding its files in the storage, its lines in the logs and its spans in a trace. The members of `record` " +
      "are those of this version.",
    params: JOB_PARAMS,
    answers: { 200: { description: "The record.", schema: JobRecord } },
    errors: READ,
  },
  listWorkers: {
    method: "GET",
    path: "/api/workers",
    group: "Operations",
    access: "admin",
    summary: "List the workers, with what each runs now.",
    description: "Those that live, and those of which an attempt runs. Up to 1,000 running jobs are told of.",
    answers: { 200: { description: "The workers, by their ids.", schema: WorkerList } },
    errors: ["redis_unavailable"],
  },
  drainWorker: {
    method: "POST",
    path: "/api/workers/{worker}/drain",
    group: "Operations",
    access: "admin",
    summary: "Let one worker stop as on SIGTERM.",
    description:
      "It takes no further job, lets its attempts end for as long as its drain timeout says, gives back those that are " +
      "left, and exits with 0; whatever keeps workers running may start another. The same when it drains already.",
    params: z.object({ worker: z.string().max(300) }),
    answers: { 202: { description: "It will know within 5 s.", schema: DrainAnswer } },
    errors: ["worker_not_found", "redis_unavailable"],
  },
  getTrends: {
    method: "GET",
    path: "/api/trends",
    group: "Operations",
    access: "admin",
    summary: "How the last hours went, ten minutes by ten minutes.",
    description: "Of all tenants and processors together; the counts are those of `/api/stats`.",
    query: z.strictObject({ window: TrendWindow.default("6h") }),
    answers: { 200: { description: "The spans.", schema: Trends } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  listAlerts: {
    method: "GET",
    path: "/api/alerts",
    group: "Operations",
    access: "admin",
    summary: "What an operator should look at now.",
    description:
      "By the conditions of the Prometheus rules that the queue itself tells, without their waits: a job that waited " +
      "for 10 min, jobs without a worker, over a fifth of ten and more jobs of the last 10 to 20 min failed (but for their files), a storage " +
      "with less than a tenth left, a Redis that keeps nothing or is 70 % full, and no sweep for 30 min.",
    answers: { 200: { description: "Critical ones first.", schema: AlertList } },
    errors: ["redis_unavailable"],
  },
} as const satisfies Record<string, Route>;
