import { DomainError, type LogFields, type LogLevel, UNSHOWABLE } from "@drover/core";

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

/**
 * One line of the log: `json` with every field, or `pretty` with a mark (✅ for a success, ℹ️, ⚠️, ❌) and the
 * fields behind the message. Whatever a client or a processor put into a text, it begins no line and steers
 * no terminal: control characters and those that turn the direction of writing are shown as `\n`, `\u001b`.
 * In `pretty` an error follows below, each of its lines indented.
 */
export function formatLog(format: "json" | "pretty", entry: LogEntry): string {
  const { error, ...fields } = entry.fields;
  const time = new Date(entry.at).toISOString();
  if (format === "json") {
    const shown = error === undefined ? {} : { error: describeError(error) };
    const line = JSON.stringify({
      timestamp: time,
      level: entry.level,
      source: entry.source,
      message: entry.message,
      ...fields,
      ...shown,
    });
    // JSON has escaped most; the rest stands within strings, where `\u009b` means the same.
    return withoutKeys(visible(line));
  }
  const isSuccess = entry.level === "info" && fields["outcome"] === "completed";
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${shownValue(value)}`);
  const line = [
    time.slice(11, 23),
    isSuccess ? "✅" : MARKS[entry.level],
    `${entry.source}:`,
    entry.message,
    ...rest,
  ].join(" ");
  const below =
    error === undefined
      ? []
      : describeError(error)
          .split("\n")
          .map((part) => `    ${visible(part)}`);
  return withoutKeys([visible(line), ...below].join("\n"));
}

/** API keys, of which the id is left, and tokens of jobs: what a client put into a path, or a name. */
function withoutKeys(text: string): string {
  return text
    .replace(/drv_([0-9a-f]{12})_[A-Za-z0-9_-]{43}/g, "drv_$1_…")
    .replace(/drvt_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}/g, "drvt_…");
}

/** Text with blanks or quotes in it is quoted, so that it cannot pass for further fields. */
function shownValue(value: unknown): string {
  const isPlain = typeof value === "string" ? /^[^\s"=]*$/.test(value) : typeof value !== "object";
  return isPlain ? String(value) : JSON.stringify(value);
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function visible(text: string): string {
  return text.replace(
    UNSHOWABLE,
    (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** An error with its stack and the chain of its causes. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${describeError(error.cause)}`;
}

/**
 * An error as fields of a log line: a refusal, such as Redis being away, by its words; anything else with its
 * stack.
 */
export function errorFields(error: unknown): LogFields {
  return error instanceof DomainError ? { code: error.code, reason: error.message } : { error };
}
