/** From the least severe on. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that a log line carries where they apply, under these names. */
export interface LogFields {
  readonly request_id?: string | undefined;
  readonly job_id?: string;
  readonly processor?: string;
  readonly attempt?: number;
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
