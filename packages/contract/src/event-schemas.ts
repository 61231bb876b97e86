import * as z from "zod";
import { JobId, Time } from "./fields.js";
import { JobFilter, JobLogs, JobStatus } from "./job-schemas.js";

const EventHead = z.object({ job_id: JobId, processor: z.string(), at: Time });

/** Data of a `progress` event. */
export const JobProgressEvent = EventHead.extend({
  attempt: z.int(),
  progress: z.number().min(0).max(100).describe("Percent; never falls within an attempt."),
  stage: z.string().nullable(),
  message: z.string().nullable(),
}).meta({ id: "JobProgressEvent" });
export type JobProgressEvent = z.output<typeof JobProgressEvent>;

/** Data of a `log` event: what the processor logged. */
export const JobLogEvent = EventHead.extend({ logs: JobLogs.shape.logs }).meta({ id: "JobLogEvent" });
export type JobLogEvent = z.output<typeof JobLogEvent>;

/** Data of a `status` event that is not the last one of its job: that one carries the whole job. */
export const JobStatusEvent = EventHead.extend({ status: JobStatus }).meta({ id: "JobStatusEvent" });
export type JobStatusEvent = z.output<typeof JobStatusEvent>;

/** Which jobs a stream of many tells of. */
export const EventFilter = JobFilter.pick({ processor: true, tag: true, tenant: true });
export type EventFilter = z.output<typeof EventFilter>;

export const STREAM_HEADERS = z.object({
  "last-event-id": z
    .string()
    .max(2_000)
    .optional()
    .describe("`id` of the last event that was received, as a browser sends it by itself."),
});
