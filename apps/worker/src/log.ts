import { DomainError, formatLog, type Log, type LogFields, type LogLevel } from "@drover/core";
import winston from "winston";

const MESSAGE = Symbol.for("message"); // where winston's transports look for the finished line

/** The worker's log on standard output, one line an entry, at `level` and above. */
export function createLog(options: { readonly level: string; readonly format: "json" | "pretty" }): Log {
  process.stdout.on("error", () => {}); // whoever read the log is gone: no reason to drop the jobs
  const logger = winston.createLogger({
    level: options.level,
    format: winston.format((info) => {
      const { level, message, fields, at } = info as unknown as Entry;
      info[MESSAGE] = formatLog(options.format, { level, message, fields, at, source: "worker" });
      return info;
    })(),
    transports: [new winston.transports.Console({ forceConsole: false })],
  });
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      logger.log({ level, message, fields, at: Date.now() });
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** What `write` hands to winston. */
interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  readonly at: number;
}

/**
 * An error as fields of a log line: a refusal, such as Redis being away, by its words; anything else with its
 * stack.
 */
export function trouble(error: unknown): LogFields {
  return error instanceof DomainError ? { code: error.code, reason: error.message } : { error };
}

/**
 * Passes an entry on at most once every `intervalMs` for each message, with the number that was held back:
 * trouble that repeats must not flood.
 */
export function rateLimited(log: Log, intervalMs: number, monotonicMs: () => number): Log {
  const last = new Map<string, { at: number; held: number }>();
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      const seen = last.get(message);
      const now = monotonicMs();
      if (seen !== undefined && now - seen.at < intervalMs) {
        seen.held += 1;
        return;
      }
      last.set(message, { at: now, held: 0 });
      log[level](message, seen !== undefined && seen.held > 0 ? { ...fields, held_back: seen.held } : fields);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
