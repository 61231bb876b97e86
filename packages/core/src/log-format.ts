import type { LogFields } from "./ports/log.js";

export type LogLevel = "debug" | "info" | "warn" | "error";

const MARKS: Readonly<Record<LogLevel, string>> = { debug: "  ", info: "ℹ️ ", warn: "⚠️ ", error: "❌" };

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  /** ms since the epoch. */
  readonly at: number;
  /** Which process logs: `api`, `worker`. */
  readonly source: string;
}

/** One line of the log: `json` with every field, or `pretty` with a mark (✅ for a success, ℹ️, ⚠️, ❌) and the fields behind the message. */
export function formatLog(format: "json" | "pretty", entry: LogEntry): string {
  const { error, ...fields } = entry.fields;
  const time = new Date(entry.at).toISOString();
  if (format === "json") {
    const shown = error === undefined ? {} : { error: describeError(error) };
    return JSON.stringify({
      timestamp: time,
      level: entry.level,
      source: entry.source,
      message: entry.message,
      ...fields,
      ...shown,
    });
  }
  const isSuccess = entry.level === "info" && fields["outcome"] === "completed";
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  const line = [
    time.slice(11, 23),
    isSuccess ? "✅" : MARKS[entry.level],
    `${entry.source}:`,
    entry.message,
    ...rest,
  ].join(" ");
  return error === undefined ? line : `${line}\n${describeError(error)}`;
}

/** An error with its stack and the chain of its causes. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${describeError(error.cause)}`;
}
