import type { Problem } from "@drover/contract";
import { DomainError, ERRORS, type ErrorCode, type ErrorDetail } from "@drover/core";
import multer from "multer";
import type { z } from "zod";

/** What of a request a problem document names. */
export interface ProblemContext {
  readonly requestId: string;
  /** Without the query. */
  readonly path: string;
  /** ms since the epoch. */
  readonly now: number;
}

/** How a thrown value is answered, and what of it the log needs. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** The one place where a thrown value becomes an answer. What is not known here is opaque to the client. */
export function refuse(thrown: unknown, context: ProblemContext): Refusal {
  const error = toDomainError(thrown);
  const { status, title } = ERRORS[error.code];
  const retryAfterS = error.retryAfterS ?? (status === 503 ? 2 : undefined);
  return {
    code: error.code,
    status,
    headers: {
      "Cache-Control": "no-store",
      ...(retryAfterS === undefined ? {} : { "Retry-After": String(retryAfterS) }),
      ...(error.challenge === undefined ? {} : { "WWW-Authenticate": error.challenge }),
    },
    body: {
      type: `/problems/${error.code}`,
      title,
      status,
      detail: error.message,
      instance: context.path,
      code: error.code,
      request_id: context.requestId,
      timestamp: new Date(context.now).toISOString(),
      ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
      ...error.members,
      error: title,
      path: context.path,
    },
  };
}

const INTERNAL = "Something went wrong on our side. The log has it under this request_id.";

/** What the client is told of a thrown value, as an error of the catalogue. */
export function toDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  if (thrown instanceof multer.MulterError) return fromMulter(thrown);
  if (isClientError(thrown)) {
    const detail = clientDetail(thrown);
    if (thrown.status === 413) return new DomainError("body_too_large", detail, { cause: thrown });
    return new DomainError("invalid_request", detail, { cause: thrown });
  }
  return new DomainError("internal", INTERNAL, { cause: thrown });
}

const MULTER_DETAILS: Readonly<Record<string, string>> = {
  LIMIT_PART_COUNT: "The form has too many parts.",
  LIMIT_FILE_COUNT: "The form has more than one file; a job takes exactly one, as part `file`.",
  LIMIT_FIELD_COUNT: "The form has too many fields.",
  LIMIT_FIELD_KEY: "A field's name is too long.",
  LIMIT_FIELD_VALUE: "A field's value is too long.",
  LIMIT_FIELD_NESTING: "A field's name must not have brackets.",
  LIMIT_FIELD_ARRAY_INDEX: "A field's name must not have brackets.",
  MISSING_FIELD_NAME: "A part of the form has no name.",
  INVALID_FIELD_NAME: "A field's name is not valid.",
};

function fromMulter(error: multer.MulterError): DomainError {
  if (error.code === "LIMIT_FILE_SIZE") {
    return new DomainError("file_too_large", "The file is larger than what is accepted.", { cause: error });
  }
  const errors = error.field === undefined ? [] : [{ path: printable(error.field), message: error.code }];
  const detail = MULTER_DETAILS[error.code] ?? "The form could not be read.";
  return new DomainError("invalid_request", detail, { cause: error, errors });
}

function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, "").slice(0, 100);
}

/** An error of Express or of its body parser that blames the request: `http-errors` gives those a status. */
interface ClientError extends Error {
  readonly status: number;
  readonly type?: unknown;
}

function isClientError(thrown: unknown): thrown is ClientError {
  return (
    thrown instanceof Error &&
    "status" in thrown &&
    typeof thrown.status === "number" &&
    thrown.status >= 400 &&
    thrown.status < 500
  );
}

const BODY_DETAILS: Readonly<Record<string, string>> = {
  "entity.parse.failed": "The body is not valid JSON.",
  "entity.too.large": "The body is larger than 16 KiB.",
  "encoding.unsupported": "The body's Content-Encoding is not supported.",
  "charset.unsupported": "The body's charset is not supported; send UTF-8.",
  "request.aborted": "The request ended before its body did.",
  "request.size.invalid": "The body is shorter or longer than Content-Length says.",
};

function clientDetail(error: ClientError): string {
  if (error instanceof URIError) return "The path has a malformed percent-encoding.";
  const detail = typeof error.type === "string" ? BODY_DETAILS[error.type] : undefined;
  return detail ?? "The request could not be read.";
}

const MAX_ISSUES = 20;

/** What a schema refused, as the members of a problem document; at most 20. */
export function issuesOf(error: z.ZodError, prefix?: string): readonly ErrorDetail[] {
  return error.issues.slice(0, MAX_ISSUES).flatMap((issue) => {
    const path = [...(prefix === undefined ? [] : [prefix]), ...issue.path.map(String)];
    if (issue.code !== "unrecognized_keys") return [{ path: path.join("."), message: issue.message }];
    return issue.keys
      .slice(0, MAX_ISSUES)
      .map((key) => ({ path: [...path, key.slice(0, 100)].join("."), message: "is not known" }));
  });
}
