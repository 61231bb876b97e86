import type { Access, ErrorCode } from "@drover/core";
import * as z from "zod";
import { JobId } from "./fields.js";
import { MAX_WAIT_S } from "./job-schemas.js";

/** One way an endpoint answers. Without a schema or a media type the answer has no body. */
export interface Answer {
  readonly description: string;
  /** Shape of the JSON body. */
  readonly schema?: z.ZodType;
  /** Of a body that is bytes, as `application/zip`. */
  readonly mediaType?: string;
  /** Headers that matter, each with what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an endpoint takes as a body. */
export interface RequestBody {
  readonly mediaType: "multipart/form-data" | "application/json";
  readonly schema: z.ZodType;
  readonly isRequired: boolean;
}

/** What endpoints are listed under, each with what it is for. */
export const GROUPS = {
  Jobs: "Submit a file, follow the job, fetch what it made, erase it.",
  Webhooks: "Tell other systems how jobs ended, and see what became of it.",
  Keys: "Who may ask for what.",
  Processors: "Which kinds of work there are, and what each takes.",
  Access: "What each tenant may use.",
  Operations: "How the process does, for load balancers and people.",
  "Existing clients": "The endpoints of two clients that were there before; they read the same jobs.",
} as const;

/** One endpoint. A GET answers HEAD as well. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Template as in OpenAPI: `/api/jobs/{job_id}`. */
  readonly path: string;
  readonly group: keyof typeof GROUPS;
  readonly access: Access;
  /** Whether a token of the job in the path will do as well. Default false. */
  readonly takesJobToken?: boolean;
  readonly summary: string;
  /** What the summary leaves open. */
  readonly description: string;
  readonly params?: z.ZodObject;
  /** Absent: none is taken. */
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: RequestBody;
  readonly answers: Readonly<Record<number, Answer>>;
  /**
   * What can be refused, beside what every request can be: `invalid_request` (a query or a shape that is wrong),
   * `headers_too_large`, `forbidden` (a key without the scope; a host or an origin that is not served) and
   * `internal`; and beside `unauthorized`, `rate_limited` and `issuer_unavailable` where a key is needed.
   */
  readonly errors: readonly ErrorCode[];
}

/** Longest `Idempotency-Key`, in characters. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

export const JOB_PARAMS = z.object({ job_id: JobId });
export const PROCESSOR_PARAMS = z.object({ processor: z.string() });
export const ARTIFACT_PARAMS = z.object({ job_id: JobId, name: z.string() });

/** Of routes that pass over any query, as programs expect that were there before, and probes of every kind. */
export const ANY_QUERY = z.looseObject({});

export const SUBMIT_HEADERS = z.object({
  "idempotency-key": z
    .string()
    .max(MAX_IDEMPOTENCY_KEY_LENGTH)
    .optional()
    .describe(
      "Makes repeated submits of the same request one job, for as long as the job is known. Bare or in " +
        "double quotes.",
    ),
  prefer: z
    .string()
    .optional()
    .describe(`\`wait=N\` holds the answer up to N seconds until the job is terminal; N ≤ ${MAX_WAIT_S}.`),
});
export const RANGE_HEADERS = z.object({
  range: z.string().optional().describe("One range: `bytes=0-1023`."),
  "if-range": z.string().optional(),
  "if-none-match": z.string().optional(),
});
export const DOWNLOAD_HEADERS = RANGE_HEADERS.extend({
  "accept-encoding": z.string().optional().describe("With `gzip`, what is stored so is sent so."),
});

export const READ: readonly ErrorCode[] = [
  "invalid_job_id",
  "job_not_found",
  "job_expired",
  "job_unreadable",
  "redis_unavailable",
  "storage_not_shared",
  "storage_unavailable",
];
/** Of a route that takes JSON. */
export const JSON_BODY: readonly ErrorCode[] = ["invalid_request", "body_too_large", "request_timeout"];
export const UPLOAD: readonly ErrorCode[] = [
  "invalid_request",
  "request_timeout",
  "file_missing",
  "file_empty",
  "file_too_large",
  "file_type_not_accepted",
  "processor_not_found",
  "invalid_params",
  "idempotency_key_reused",
  "job_expired",
  "redis_unavailable",
  "quota_exceeded",
  "at_capacity",
  "draining",
  "storage_full",
  "storage_not_shared",
  "storage_unavailable",
];
export const DOWNLOAD: readonly ErrorCode[] = [
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
/** How bytes of the media type are downloaded. */
function bytesOf(mediaType: string, headers: Readonly<Record<string, string>>) {
  const disposition = "`attachment` with the file name by RFC 6266.";
  return {
    200: {
      description: "All of the bytes.",
      mediaType,
      headers: { "Content-Disposition": disposition, ...headers },
    },
    206: {
      description: "The range.",
      mediaType,
      headers: { "Content-Range": "Where the bytes lie in the whole." },
    },
    304: { description: "The bytes have not changed." },
  } satisfies Record<number, Answer>;
}
export const BYTES = bytesOf("application/octet-stream", {
  ETag: 'The SHA-256 of the artifact, strong; of its gzip the same with "-gzip" at the end.',
  "Repr-Digest": "The SHA-256 by RFC 9530: of the bytes as they are sent, before any range.",
  "Content-Encoding": "`gzip` when the artifact is stored so and the client accepts it.",
});
export const ZIP = bytesOf("application/zip", { ETag: "Strong: the same artifacts make the same bytes." });
