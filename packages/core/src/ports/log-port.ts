import type { JobRequest } from "../job.js";
import { traceIdOf } from "../trace-context.js";

/** From the least severe on. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that a log line carries where they apply, under these names. */
export interface LogFields {
  readonly request_id?: string | undefined;
  readonly job_id?: string;
  readonly processor?: string;
  readonly attempt?: number;
  /** Of the trace that the line belongs to: 32 hexadecimal digits. */
  readonly trace_id?: string;
  /** Of the span in which the line was written, when this process made one: 16 hexadecimal digits. */
  readonly span_id?: string;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

/** Where the program reports. `error` is for the unexpected only; a refused input is `warn`. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * What every line about a job carries; `attempt` where it is about one. The request's id leads to the line of
 * the submit in the api's log.
 */
export function jobFields(
  { id, processor, requestId, trace }: Pick<JobRequest, "id" | "processor" | "requestId" | "trace">,
  attempt?: number,
): LogFields {
  return {
    // Jobs of an older version have no request id.
    ...(requestId == null ? {} : { request_id: requestId }),
    job_id: id,
    processor,
    ...(attempt === undefined ? {} : { attempt }),
    ...(trace === undefined ? {} : { trace_id: traceIdOf(trace) }),
  };
}
