import * as z from "zod";
import { JobId, Time } from "./fields.js";
import { SubmitForm } from "./job-schemas.js";
import {
  ACCEPTED_HEADERS,
  ANY_QUERY,
  DOWNLOAD,
  JOB_PARAMS,
  RANGE_HEADERS,
  READ,
  type Route,
  SUBMIT_HEADERS,
  UPLOAD,
  ZIP,
} from "./route-parts.js";

/** The status that the first existing client reads: exactly these keys. A cancelled job reads `failed`. */
export const LegacyJobStatus = z
  .object({
    job_id: JobId,
    status: z.enum(["queued", "running", "completed", "failed"]),
    created_at: Time,
    updated_at: Time,
    progress: z.number(),
    result: z.unknown().optional().describe("Only when completed."),
    error_message: z.string().optional().describe("Only when failed."),
  })
  .meta({ id: "LegacyJobStatus" });
export type LegacyJobStatus = z.output<typeof LegacyJobStatus>;

/** What the second existing client reads after an upload. */
export const UploadAnswer = z
  .object({ job_id: JobId, status: z.literal("processing"), message: z.string() })
  .meta({ id: "UploadAnswer" });
export type UploadAnswer = z.output<typeof UploadAnswer>;

/** The status that the second existing client reads: exactly these keys. */
export const LegacyStatus = z
  .object({
    job_id: JobId,
    status: z.enum(["processing", "completed", "failed"]),
    progress: z.int(),
    error: z.string().nullable(),
    created_at: Time,
    completed_at: Time.nullable(),
  })
  .meta({ id: "LegacyStatus" });
export type LegacyStatus = z.output<typeof LegacyStatus>;

/** What two existing clients call. They read the same jobs as everybody. */
export const legacyRoutes = {
  legacyJobStatus: {
    method: "GET",
    path: "/api/job-status/{job_id}",
    group: "Existing clients",
    access: "read",
    takesJobToken: true,
    summary: "A job's status in the words of the first existing client.",
    description: "Read by the first existing client, whose words these are. A cancelled job reads `failed`.",
    params: JOB_PARAMS,
    query: ANY_QUERY,
    answers: { 200: { description: "The status.", schema: LegacyJobStatus } },
    errors: READ,
  },
  legacyUpload: {
    method: "POST",
    path: "/api/upload",
    group: "Existing clients",
    access: "submit",
    summary: "Upload a Moodle log for the processor moodle-log.",
    description:
      "Sent by the second existing client. The same submit as every other; of the form's fields only " +
      "`params`, `tags` and `priority` are read.",
    query: ANY_QUERY,
    headers: SUBMIT_HEADERS.pick({ "idempotency-key": true }),
    body: { mediaType: "multipart/form-data", schema: SubmitForm, isRequired: true },
    answers: { 202: { description: "The job's id.", schema: UploadAnswer, headers: ACCEPTED_HEADERS } },
    errors: UPLOAD,
  },
  legacyStatus: {
    method: "GET",
    path: "/api/status/{job_id}",
    group: "Existing clients",
    access: "read",
    takesJobToken: true,
    summary: "A job's status in the words of the second existing client.",
    description:
      "Read by the second existing client, whose words these are. A queued or running job reads " +
      "`processing`.",
    params: JOB_PARAMS,
    query: ANY_QUERY,
    answers: { 200: { description: "The status.", schema: LegacyStatus } },
    errors: READ,
  },
  legacyDownload: {
    method: "GET",
    path: "/api/download/{job_id}",
    group: "Existing clients",
    access: "read",
    takesJobToken: true,
    summary: "Download the ZIP of a completed job.",
    description:
      "Fetched by the second existing client: the primary artifact when that is a ZIP, else the ZIP of all.",
    params: JOB_PARAMS,
    query: ANY_QUERY,
    headers: RANGE_HEADERS,
    answers: ZIP,
    errors: DOWNLOAD,
  },
} as const satisfies Record<string, Route>;
