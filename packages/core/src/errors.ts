/**
 * Every refusal that a client can meet: its code, HTTP status and title. The one catalogue; `/openapi.json`,
 * the README, the api's problem documents and the codes that a client knows come from it.
 */
export const ERRORS = {
  invalid_job_id: { status: 400, title: "Invalid job_id format (must be UUID)" },
  invalid_request: { status: 400, title: "Invalid request" },
  file_missing: { status: 400, title: "File missing" },
  file_empty: { status: 400, title: "File empty" },
  unauthorized: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  job_not_found: { status: 404, title: "Job not found" },
  processor_not_found: { status: 404, title: "Processor not found" },
  artifact_not_found: { status: 404, title: "Artifact not found" },
  webhook_not_found: { status: 404, title: "Webhook not found" },
  key_not_found: { status: 404, title: "Key not found" },
  worker_not_found: { status: 404, title: "Worker not found" },
  delivery_not_found: { status: 404, title: "Delivery not found" },
  route_not_found: { status: 404, title: "Route not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "Request timeout" },
  job_not_finished: { status: 409, title: "Job not finished" },
  job_already_finished: { status: 409, title: "Job already finished" },
  webhook_disabled: { status: 409, title: "Webhook disabled" },
  job_expired: { status: 410, title: "Job expired" },
  job_unreadable: { status: 410, title: "Job unreadable" },
  input_expired: { status: 410, title: "Input expired" },
  body_too_large: { status: 413, title: "Body too large" },
  file_too_large: { status: 413, title: "File too large" },
  file_type_not_accepted: { status: 415, title: "File type not accepted" },
  range_not_satisfiable: { status: 416, title: "Range not satisfiable" },
  invalid_params: { status: 422, title: "Invalid params" },
  idempotency_key_reused: { status: 422, title: "Idempotency-Key reused for another request" },
  rate_limited: { status: 429, title: "Rate limited" },
  quota_exceeded: { status: 429, title: "Quota exceeded" },
  headers_too_large: { status: 431, title: "Headers too large" },
  internal: { status: 500, title: "Internal error" },
  redis_unavailable: { status: 503, title: "Redis unavailable" },
  at_capacity: { status: 503, title: "At capacity" },
  storage_unavailable: { status: 503, title: "Storage unavailable" },
  storage_not_shared: { status: 503, title: "Storage not shared" },
  issuer_unavailable: { status: 503, title: "Issuer unavailable" },
  draining: { status: 503, title: "Draining" },
  storage_full: { status: 507, title: "Storage full" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** One thing that is wrong with the request: `path` as in `params.timezone`. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

export interface DomainErrorOptions {
  readonly cause?: unknown;
  readonly errors?: readonly ErrorDetail[];
  /** When to try again, in whole seconds; sent as `Retry-After`. */
  readonly retryAfterS?: number;
  /** How to authenticate; sent as `WWW-Authenticate`. */
  readonly challenge?: string;
  /** Further members of the problem document, such as `expired_at`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What an operator has to put right; for `/readyz` and the log, in no client's answer. */
  readonly advice?: string | undefined;
}

/** A refused request. `detail` says what was expected, what came and what to do. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly errors: readonly ErrorDetail[];
  readonly retryAfterS: number | undefined;
  readonly challenge: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly advice: string | undefined;

  constructor(code: ErrorCode, detail: string, options: DomainErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterS = options.retryAfterS;
    this.challenge = options.challenge;
    this.members = options.members ?? {};
    this.advice = options.advice;
  }
}

/** A mistake in the configuration: the process cannot start. Its message tells every mistake, a line each. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}
