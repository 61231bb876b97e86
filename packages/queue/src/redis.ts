import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type Log } from "@drover/core";
import { Redis, type RedisOptions } from "ioredis";

/** A request waits this long for a connection, and then this long for an answer: together under the promised 2 s. */
const READY_WAIT_MS = 800;
const COMMAND_TIMEOUT_MS = 1_000;
/** Above BullMQ's blocking read of 5 s: a socket that is silent for longer is a hole in the network. */
const SOCKET_TIMEOUT_MS = 10_000;
const ERROR_LOG_INTERVAL_MS = 5_000;

const SCRIPT_KEYS = {
  snapshot: 7,
  cancel: 10,
  write: 5,
  reclaim: 4,
  "append-event": 2,
  "note-lost": 3,
  rearm: 2,
  announce: 2,
  catalogue: 2,
  claim: 1,
  "mark-installation": 1,
  "index-page": 2,
  "index-drop": 2,
} as const;

/** A file of `scripts/`. */
export type ScriptName = keyof typeof SCRIPT_KEYS;

const SCRIPTS = Object.entries(SCRIPT_KEYS).map(([name, numberOfKeys]) => ({
  name,
  numberOfKeys,
  lua: readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), "utf8"),
}));

const RECONNECT = {
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  // A replica that was promoted or demoted answers READONLY; a starting server answers LOADING, which ioredis waits out itself.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  socketTimeout: SOCKET_TIMEOUT_MS,
  connectTimeout: 5_000,
} satisfies RedisOptions;

/** For requests: no command outlives its caller, and none is sent again behind its back. */
const FAIL_FAST = {
  ...RECONNECT,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
} satisfies RedisOptions;

/** For BullMQ's workers and event readers, which wait until the server is back. */
const PATIENT = { ...RECONNECT, maxRetriesPerRequest: null } satisfies RedisOptions;

/**
 * A connection for requests. Starts connecting when made, reconnects by itself for ever, ends with `close`.
 * Whatever goes wrong with the server is thrown as `redis_unavailable` within 2 s.
 */
export class RedisLink {
  readonly client: Redis;

  constructor(url: string, log: Log) {
    this.client = new Redis(url, FAIL_FAST);
    this.client.setMaxListeners(0); // each request that waits for the connection listens
    reportErrors(this.client, log, "requests");
    for (const { name, ...script } of SCRIPTS) this.client.defineCommand(name, script);
  }

  /** Runs commands once the connection is ready. */
  async use<T>(commands: (client: Redis) => Promise<T>): Promise<T> {
    try {
      await this.#ready();
      return await commands(this.client);
    } catch (error) {
      if (error instanceof DomainError) throw error;
      if (isServerTrouble(error)) throw unavailable(error);
      throw error;
    }
  }

  /** Runs a script of `scripts/`; its header says keys, arguments and answer. */
  run(script: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.use((client) => {
      const command: unknown = Reflect.get(client, script);
      if (typeof command !== "function") throw new TypeError(`no script ${script}`);
      return command.call(client, ...keys, ...args) as Promise<unknown>;
    });
  }

  close(): void {
    this.client.disconnect();
  }

  async #ready(): Promise<void> {
    if (this.client.status === "ready") return;
    const giveUp = new AbortController();
    const ready = new Promise<void>((resolve) => {
      this.client.once("ready", resolve);
      giveUp.signal.addEventListener("abort", () => this.client.off("ready", resolve));
    });
    const timedOut = sleep(READY_WAIT_MS, true, { signal: giveUp.signal }).catch(() => true);
    const isTimedOut = await Promise.race([ready.then(() => false), timedOut]);
    giveUp.abort();
    if (isTimedOut) throw unavailable(new Error(`no connection: ${this.client.status}`));
  }
}

/** A connection that waits for its server as long as it takes. */
export function patientConnection(url: string, log: Log, purpose: string): Redis {
  const client = new Redis(url, PATIENT);
  reportErrors(client, log, purpose);
  return client;
}

function unavailable(cause: unknown): DomainError {
  return new DomainError(
    "redis_unavailable",
    "The queue's server cannot be reached just now. Nothing was lost; try again shortly.",
    {
      cause,
      retryAfterS: 2,
    },
  );
}

/** Answers of a server that is there but cannot serve. Redis 6 puts what a script met behind "ERR Error running script … : -". */
const SERVER_TROUBLE =
  /(?:^|: -)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MISCONF|OOM|BUSY|NOREPLICAS|UNBLOCKED|EXECABORT)\b/;

/** Whether the error is the server's or the network's rather than ours. Redis has no other way to say it than the first word of its reply. */
export function isServerTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ReplyError") return SERVER_TROUBLE.test(error.message);
  if (error instanceof TypeError || error instanceof SyntaxError) return false;
  return !("code" in error && typeof error.code === "number"); // BullMQ's refusals carry a number, the network's a word or nothing
}

/** Logs the errors of a connection, at most one line in 5 s: a server that is away makes thousands. */
function reportErrors(client: Redis, log: Log, purpose: string): void {
  const report = rateLimited(log, `redis: connection for ${purpose}`);
  client.on("error", report);
}

/** A reporter of errors that logs the first at once and then at most one line in 5 s, saying how many it left out. */
export function rateLimited(log: Log, what: string): (error: unknown) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let leftOut = 0;
  return (error) => {
    const now = performance.now();
    if (now - lastAt < ERROR_LOG_INTERVAL_MS) {
      leftOut += 1;
      return;
    }
    log.warn(
      `${what}: ${error instanceof Error ? error.message : String(error)}`,
      leftOut > 0 ? { left_out: leftOut } : {},
    );
    lastAt = now;
    leftOut = 0;
  };
}
