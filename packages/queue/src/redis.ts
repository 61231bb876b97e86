import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type Log } from "@drover/core";
import { Redis, type RedisOptions } from "ioredis";
import { isRefusal } from "./bullmq/bullmq-internals.js";

/** A request waits this long for a connection, and then this long for an answer: together under the promised 2 s. */
const READY_WAIT_MS = 700;
const ANSWER_WAIT_MS = 1_000;
/** A server that fell silent is asked this often whether it is back. */
const PROBE_INTERVAL_MS = 100;
/** A request's connection that was silent for this long is made anew. */
const SOCKET_TIMEOUT_MS = 4_000;
const ERROR_LOG_INTERVAL_MS = 5_000;

const SCRIPT_KEYS = {
  snapshot: 7,
  cancel: 10,
  write: 5,
  reclaim: 4,
  "append-event": 2,
  "note-lost": 3,
  "queue-again": 2,
  announce: 2,
  catalogue: 2,
  "mark-installation": 1,
  "index-page": 2,
  "index-drop": 2,
  "remove-finished": 7,
  "restore-finished": 11,
  "clear-remains": 10,
  "fail-late": 7,
  "hold-lease": 1,
  "release-lease": 1,
  history: 2,
  erase: 12,
  "end-damaged": 6,
} as const;

/** A file of `scripts/`. */
export type ScriptName = keyof typeof SCRIPT_KEYS;

const SCRIPTS = Object.entries(SCRIPT_KEYS).map(([name, numberOfKeys]) => ({
  name,
  numberOfKeys,
  lua: readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), "utf8"),
}));

const RECONNECT = {
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 4), 500),
  // A replica that was promoted or demoted answers READONLY; a starting server answers LOADING, which ioredis waits out itself.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  connectTimeout: 5_000,
} satisfies RedisOptions;

/** For requests: no command outlives its caller, and none is sent again behind its back. */
const FAIL_FAST = {
  ...RECONNECT,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_WAIT_MS + 500, // for what does not go through `use`
  socketTimeout: SOCKET_TIMEOUT_MS,
} satisfies RedisOptions;

/** For BullMQ's workers and event readers, which wait until the server is back. */
const PATIENT = { ...RECONNECT, maxRetriesPerRequest: null } satisfies RedisOptions;

/**
 * A connection for requests. Starts connecting when made, reconnects by itself for ever, ends with `close`.
 * Whatever goes wrong with the server is thrown as `redis_unavailable` within 2 s.
 *
 * A server that let one caller wait in vain has fallen silent: further ones are refused at once until it answers again, so that a
 * request of several steps, or one that comes later, does not wait for each of them.
 */
export class RedisLink {
  readonly client: Redis;
  #isSilent = false;
  #connected: Promise<void> | undefined;

  constructor(url: string, log: Log) {
    this.client = new Redis(url, FAIL_FAST);
    this.client.setMaxListeners(0); // each request that waits for the connection listens
    reportErrors(this.client, log, "requests");
    for (const { name, ...script } of SCRIPTS) this.client.defineCommand(name, script);
  }

  /** Runs commands once the connection is ready; all of them together have 1 s. */
  async use<T>(commands: (client: Redis) => Promise<T>): Promise<T> {
    try {
      await this.#ready();
      return await withDeadline(commands(this.client), ANSWER_WAIT_MS, () => this.#fallSilent());
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
    if (this.client.status === "ready") {
      if (this.#isSilent) throw new NotSent("the server gave no answer to an earlier command");
      return;
    }
    this.#connected ??= new Promise((resolve) => {
      this.client.once("ready", () => {
        this.#connected = undefined;
        this.#isSilent = false; // it answered the handshake
        resolve();
      });
    });
    const tooLate = () => new NotSent(`no connection: ${this.client.status}`);
    await withDeadline(this.#connected, READY_WAIT_MS, tooLate);
  }

  #fallSilent(): Error {
    if (!this.#isSilent) {
      this.#isSilent = true;
      void this.#listen();
    }
    return new Error(`no answer within ${ANSWER_WAIT_MS} ms`);
  }

  async #listen(): Promise<void> {
    while (this.#isSilent && this.client.status !== "end") {
      try {
        await this.client.ping();
        this.#isSilent = false;
      } catch {
        await sleep(PROBE_INTERVAL_MS, undefined, { ref: false });
      }
    }
  }
}

/** Which server an address names, without user and password: `host:port, database n`. */
export function describeRedis(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 6379}, database ${pathname.slice(1) || 0}`;
}

async function withDeadline<T>(answer: Promise<T>, ms: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let lastLook: NodeJS.Immediate | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // A process that was busy itself has the answer unread in its socket: it is read before this comes up.
      lastLook = setImmediate(() => reject(tooLate()));
    }, ms);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
    clearImmediate(lastLook);
  }
}

/** Nothing was sent: what was asked for has not happened and will not. */
class NotSent extends Error {
  override readonly name = "NotSent";
}

/**
 * Whether a refusal of `use` means that nothing was done and nothing will be: the server was never asked, or can serve no write, which it
 * says before the first one of a script. After any other error it may have been done, or half of it.
 */
export function isCertain(refusal: unknown): boolean {
  const cause = refusal instanceof DomainError ? refusal.cause : refusal;
  return (
    cause instanceof NotSent ||
    (cause instanceof Error && cause.name === "ReplyError" && isServerTrouble(cause))
  );
}

export interface PatientOptions {
  /** For the log. */
  readonly purpose: string;
  /** A connection that owes an answer for this long is made anew; more than its longest blocking read. Default 5 s. */
  readonly socketTimeoutMs?: number;
}

/** A connection that waits for its server as long as it takes. */
export function patientConnection(url: string, log: Log, options: PatientOptions): Redis {
  const { purpose, socketTimeoutMs = 5_000 } = options;
  const client = new Redis(url, { ...PATIENT, socketTimeout: socketTimeoutMs });
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
  return !isRefusal(error);
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
