import { z } from "zod";
import { JobId, Time } from "./fields.js";

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
