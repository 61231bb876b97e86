import type { Log } from "@drover/core";
import { RateLimit } from "@drover/log";
import { Redis, type RedisOptions } from "ioredis";
import { adviceFor } from "./redis-advice.js";

const ERROR_LOG_INTERVAL_MS = 5_000;

/** How every connection is made, and made again. */
export const RECONNECT = {
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 4), 500),
  // A replica that was promoted or demoted answers READONLY; a starting server answers LOADING, which ioredis
  // waits out itself.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  connectTimeout: 5_000,
} satisfies RedisOptions;

/** For BullMQ's workers and event readers, which wait until the server is back. */
const PATIENT = { ...RECONNECT, maxRetriesPerRequest: null } satisfies RedisOptions;

export interface PatientOptions {
  /** For the log. */
  readonly purpose: string;
  /**
   * A connection that owes an answer for this long is made anew; more than its longest blocking read. Default
   * 5 s.
   */
  readonly socketTimeoutMs?: number;
}

/** A connection that waits for its server as long as it takes. */
export function patientConnection(url: string, log: Log, options: PatientOptions): Redis {
  const { purpose, socketTimeoutMs = 5_000 } = options;
  const client = new Redis(url, { ...PATIENT, socketTimeout: socketTimeoutMs });
  reportErrors(client, log, purpose);
  return client;
}

/** Which server an address names, without user and password: `host:port, database n`. */
export function describeRedis(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 6379}, database ${pathname.slice(1) || 0}`;
}

/** Logs the errors of a connection, at most one line in 5 s: a server that is away makes thousands. */
export function reportErrors(client: Redis, log: Log, purpose: string): void {
  client.on("error", errorReporter(log, `redis: connection for ${purpose}`));
}

/**
 * A reporter of errors that logs the first at once and then at most one line in 5 s, saying how many it left
 * out, and what an operator has to put right where that is known.
 */
export function errorReporter(log: Log, what: string): (error: unknown) => void {
  const limit = new RateLimit(ERROR_LOG_INTERVAL_MS);
  return (error) => {
    const leftOut = limit.admit(what);
    if (leftOut === undefined) return;
    const message = error instanceof Error ? error.message : String(error);
    const advice = adviceFor(error);
    log.warn(
      `${what}: ${message}${advice === undefined ? "" : `. ${advice}`}`,
      leftOut > 0 ? { left_out: leftOut } : {},
    );
  };
}
