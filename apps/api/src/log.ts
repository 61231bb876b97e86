import { formatLog, type Log, type LogFields, type LogLevel } from "@drover/core";
import winston from "winston";

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  /** Where lines go. Default standard output. */
  readonly transport?: winston.transport;
}

/** The api's log: one line an entry, through winston, in the form that core gives it. */
export function createLog(options: LogOptions): Log {
  // Whoever read the log is gone: no reason to refuse requests.
  if (options.transport === undefined) process.stdout.on("error", () => {});
  const line = winston.format.printf((entry) =>
    formatLog(options.format, {
      level: entry.level as LogLevel, // winston is given no other levels below
      message: String(entry.message),
      fields: entry["fields"] as LogFields,
      at: Date.now(),
      source: "api",
    }),
  );
  const logger = winston.createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: line,
    transports: [options.transport ?? new winston.transports.Console()],
  });
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(level)) logger.log({ level, message, fields });
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
