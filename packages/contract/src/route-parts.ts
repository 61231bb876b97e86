import { z } from "zod";
import { JobId } from "./fields.js";
import type { ProblemCode } from "./problem.js";
import type { Answer } from "./route.js";

export const JOB_PARAMS = z.object({ job_id: JobId });
export const PROCESSOR_PARAMS = z.object({ processor: z.string() });
export const ARTIFACT_PARAMS = z.object({ job_id: JobId, name: z.string() });

export const SUBMIT_HEADERS = z.object({
  "idempotency-key": z
    .string()
    .max(255)
    .optional()
    .describe(
      "Makes repeated submits of the same request one job, for as long as the job is known. Bare or in double quotes.",
    ),
  prefer: z
    .string()
    .optional()
    .describe("`wait=N` holds the answer up to N seconds until the job is terminal; N ≤ 60."),
});
export const DOWNLOAD_HEADERS = z.object({
  range: z.string().optional().describe("One range: `bytes=0-1023`."),
  "if-range": z.string().optional(),
  "if-none-match": z.string().optional(),
});

export const READ: readonly ProblemCode[] = [
  "invalid_job_id",
  "job_not_found",
  "job_expired",
  "job_unreadable",
  "redis_unavailable",
  "storage_not_shared",
  "storage_unavailable",
];
export const UPLOAD: readonly ProblemCode[] = [
  "invalid_request",
  "file_missing",
  "file_empty",
  "file_too_large",
  "file_type_not_accepted",
  "processor_not_found",
  "invalid_params",
  "idempotency_key_reused",
  "job_expired",
  "redis_unavailable",
  "at_capacity",
  "draining",
  "storage_full",
  "storage_not_shared",
  "storage_unavailable",
];
export const DOWNLOAD: readonly ProblemCode[] = [
  ...READ,
  "invalid_request",
  "artifact_not_found",
  "job_not_finished",
  "range_not_satisfiable",
];
export const ACCEPTED_HEADERS = {
  Location: "Path of the job.",
  "Retry-After": "Seconds until the first look at it is worth while.",
};
export const BYTES = {
  200: {
    description: "All of the bytes.",
    mediaType: "application/octet-stream",
    headers: {
      ETag: "The SHA-256, strong.",
      "Repr-Digest": "The SHA-256 by RFC 9530.",
      "Content-Disposition": "`attachment` with the file name by RFC 6266.",
    },
  },
  206: {
    description: "The range.",
    mediaType: "application/octet-stream",
    headers: { "Content-Range": "Where the bytes lie in the whole." },
  },
  304: { description: "The bytes have not changed." },
} satisfies Record<number, Answer>;
