import type { Log, LogFields, LogLevel } from "@drover/core";
import winston from "winston";
import { formatLog } from "./log-format.js";

export interface LogOptions {
  /** Which process logs: `api`, `worker`. */
  readonly source: string;
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  /** Where lines go. Default standard output. */
  readonly transport?: winston.transport;
}

/** The log of a process, through winston: one line an entry, at `level` and above. */
export function createLog(options: LogOptions): Log {
  // Whoever read the log is gone: no reason to refuse requests, or to drop jobs.
  if (options.transport === undefined) process.stdout.on("error", () => {});
  const line = winston.format.printf((entry) =>
    formatLog(options.format, {
      level: entry.level as LogLevel, // winston is given no other levels below
      message: String(entry.message),
      fields: entry["fields"] as LogFields,
      at: Date.now(),
      source: options.source,
    }),
  );
  const logger = winston.createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: line,
    transports: [options.transport ?? new winston.transports.Console()],
  });
  return byLevel((level, message, fields) => {
    if (logger.isLevelEnabled(level)) logger.log({ level, message, fields });
  });
}

/** Whatever `write` does with an entry, as a log. */
export function byLevel(write: (level: LogLevel, message: string, fields: LogFields) => void): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      write(level, message, fields);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The log, with `fields` in each entry. */
export function withFields(log: Log, fields: LogFields): Log {
  return byLevel((level, message, own) => log[level](message, { ...fields, ...own }));
}

/** Admits what repeats at most once in an interval, each kind by itself, and counts what it holds back. */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #monotonicMs: () => number;
  readonly #last = new Map<string, { at: number; held: number }>();

  /** @param monotonicMs default: this process's own. */
  constructor(intervalMs: number, monotonicMs = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#monotonicMs = monotonicMs;
  }

  /** @returns how many of the kind were held back since one was admitted; `undefined` for another of those. */
  admit(kind: string): number | undefined {
    const last = this.#last.get(kind);
    const now = this.#monotonicMs();
    if (last !== undefined && now - last.at < this.#intervalMs) {
      last.held += 1;
      return undefined;
    }
    this.#last.set(kind, { at: now, held: 0 });
    return last?.held ?? 0;
  }
}

/**
 * Passes an entry on at most once every `intervalMs` for each message, with the number that was held back:
 * trouble that repeats must not flood.
 */
export function rateLimited(log: Log, intervalMs: number, monotonicMs?: () => number): Log {
  const limit = new RateLimit(intervalMs, monotonicMs);
  return byLevel((level, message, fields) => {
    const held = limit.admit(message);
    if (held === undefined) return;
    log[level](message, held > 0 ? { ...fields, held_back: held } : fields);
  });
}
