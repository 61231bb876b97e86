import {
  FAILURE_CODES,
  JOB_EVENT_TYPES,
  JOB_STATUSES,
  LOG_LEVELS,
  MAX_PRIORITY,
  MIN_PRIORITY,
  WAITING_REASONS,
} from "@drover/core";
import { z } from "zod";
import { AskedTenant, JobId, Params, SentParams, Sha256, Tags, Tenant, Time, wholeNumber } from "./fields.js";
import { JobWebhook } from "./webhook-schemas.js";

export const JobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.output<typeof JobStatus>;

/** Why a job failed, for programs. */
export const FailureCode = z.enum(FAILURE_CODES);
export type FailureCode = z.output<typeof FailureCode>;

/** A named output file of a completed job. */
export const Artifact = z
  .object({
    name: z.string(),
    size_bytes: z.int(),
    media_type: z.string(),
    sha256: Sha256,
    url: z.string().describe("Path to fetch it from; fetching never consumes it."),
  })
  .meta({ id: "Artifact" });
export type Artifact = z.output<typeof Artifact>;

/** One thing that happened to a job. */
export const TimelineEvent = z
  .object({
    type: z.enum(JOB_EVENT_TYPES),
    at: Time,
    attempt: z.int().optional(),
    worker: z.string().optional(),
    stage: z.string().optional(),
    status: JobStatus.optional(),
    code: FailureCode.nullable().optional(),
    message: z.string().optional(),
    until: Time.optional().describe("With `retry`: when the next attempt may start."),
  })
  .meta({ id: "TimelineEvent" });
export type TimelineEvent = z.output<typeof TimelineEvent>;

const Waiting = z.object({
  reason: z.enum(WAITING_REASONS),
  position: z
    .int()
    .nullable()
    .describe("1-based place in line, as though tenants took turns; null where it is not known."),
  until: Time.nullable().describe("When the wait ends by itself."),
});

/** A job as it stands now. */
export const Job = z
  .object({
    job_id: JobId,
    tenant: Tenant.optional().describe("Whose the job is; absent for the tenant `default`."),
    processor: z.string(),
    status: JobStatus.describe(
      "`completed`, `failed` and `cancelled` are terminal. A job that waits for a retry is `queued`.",
    ),
    progress: z
      .number()
      .min(0)
      .max(100)
      .describe("Percent; never falls within an attempt; 100 only when completed."),
    stage: z.string().nullable(),
    message: z.string().nullable(),
    attempt: z.int().describe("Number of the newest attempt; 0 before the first."),
    max_attempts: z.int(),
    worker: z
      .string()
      .optional()
      .describe("Which worker took it last; absent before the first attempt, and where it is not known."),
    priority: z.int(),
    waiting: Waiting.nullable().describe("Why it is not running yet; null unless queued."),
    created_at: Time,
    updated_at: Time,
    started_at: Time.nullable(),
    completed_at: Time.nullable().describe("When it reached a terminal status."),
    expires_at: Time.nullable().describe("When a finished job and its files are removed."),
    input: z.object({ filename: z.string(), size_bytes: z.int(), media_type: z.string(), sha256: Sha256 }),
    params: Params,
    tags: z.record(z.string(), z.string()),
    result: z.unknown().describe("The processor's small JSON summary; null until completed."),
    artifacts: z.array(Artifact),
    error: z.object({ code: FailureCode, message: z.string(), retryable: z.boolean() }).nullable(),
    links: z.object({ self: z.string(), events: z.string(), cancel: z.string(), download: z.string() }),
    timeline: z.array(TimelineEvent).optional().describe("Only with `?include=timeline`; oldest first."),
  })
  .meta({ id: "Job" });
export type Job = z.output<typeof Job>;

/** A job as the server keeps it, for who runs the server. */
export const JobRecord = z
  .object({
    job_id: JobId,
    request_id: z.string().nullable().describe("Of the request that submitted it, as in the logs."),
    trace_id: z.string().nullable().describe("Of the trace that it is in, by W3C Trace Context; else null."),
    record: z
      .record(z.string(), z.unknown())
      .describe("All that is kept, with the keys of its files in the storage. Times in ms since the epoch."),
  })
  .meta({ id: "JobRecord" });
export type JobRecord = z.output<typeof JobRecord>;

/** A page of jobs, newest first. */
export const JobList = z
  .object({
    jobs: z.array(Job),
    next_cursor: z
      .string()
      .nullable()
      .describe("For the next page; null at the end. A page may be short and still have a next."),
  })
  .meta({ id: "JobList" });
export type JobList = z.output<typeof JobList>;

/** What a job's processor logged, oldest first. */
export const JobLogs = z
  .object({
    job_id: JobId,
    logs: z.array(
      z.object({
        attempt: z.int(),
        level: z.enum(LOG_LEVELS),
        message: z.string(),
        at: Time,
      }),
    ),
  })
  .meta({ id: "JobLogs" });
export type JobLogs = z.output<typeof JobLogs>;

/** `cancelled` when it was queued, `cancelling` when it is running and will stop within 2 s. */
export const CancelAnswer = z
  .object({ job_id: JobId, status: z.enum(["cancelled", "cancelling"]) })
  .meta({ id: "CancelAnswer" });
export type CancelAnswer = z.output<typeof CancelAnswer>;

const DAY_MS = 86_400_000;

/** What a submit says beside the file. In a multipart form `params`, `tags` and `webhook` are JSON. */
export const SubmitFields = z.strictObject({
  params: SentParams.optional(),
  tags: Tags.optional(),
  priority: wholeNumber(MIN_PRIORITY, MAX_PRIORITY, 0)
    .optional()
    .describe("The higher runs first. Default 0."),
  run_at: z.iso.datetime({ offset: true }).optional().describe("Not before this time."),
  timeout_ms: wholeNumber(1, DAY_MS, 600_000)
    .optional()
    .describe("Longest run of one attempt; no more than the processor's own limit, which is the default."),
  queue_timeout_ms: wholeNumber(1, 30 * DAY_MS, DAY_MS)
    .optional()
    .describe("Longest wait for the first attempt to start. Default none."),
  webhook: JobWebhook.optional().describe("Who is told when the job ends, beside the registered endpoints."),
});
export type SubmitFields = z.output<typeof SubmitFields>;

/** The multipart form of a submit. */
export const SubmitForm = SubmitFields.extend({ file: z.file().describe("The input; exactly one.") });

/** Body of a retry. */
export const RetryBody = z.strictObject({
  params: SentParams.optional().describe("Replaces the job's params."),
});
export type RetryBody = z.output<typeof RetryBody>;

/** Jobs in a page of the list when the client names no `limit`. */
export const DEFAULT_PAGE_SIZE = 50;

/** Filters of the list of jobs. On the wire a tag filter is `tag.<key>=<value>`. */
export const JobFilter = z.strictObject({
  status: JobStatus.optional(),
  processor: z.string().max(64).optional(),
  tag: z.record(z.string(), z.string()).optional().describe("Filters by tags: `tag.course=CS101`."),
  created_after: z.iso.datetime({ offset: true }).optional(),
  q: z
    .string()
    .max(200)
    .optional()
    .describe("Part of the id, the file name, a tag, or the error's code and message, in any case."),
  limit: wholeNumber(1, 200, DEFAULT_PAGE_SIZE)
    .optional()
    .describe(`Jobs in a page. Default ${DEFAULT_PAGE_SIZE}.`),
  cursor: z.string().max(500).optional().describe("`next_cursor` of the page before."),
  tenant: AskedTenant.optional(),
});
export type JobFilter = z.output<typeof JobFilter>;

/** Longest wait of a request that holds its answer, in seconds. */
export const MAX_WAIT_S = 60;

/** Options of a status read. */
export const JobQuery = z.strictObject({
  wait: wholeNumber(0, MAX_WAIT_S, 0)
    .optional()
    .describe("Holds the answer until the status changes or this many seconds have passed. Default 0."),
  include: z.literal("timeline").optional(),
});
export type JobQuery = z.output<typeof JobQuery>;
