import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, type EventSink, type Log, NO_EVENTS } from "@drover/core";
import { Redis, type RedisOptions } from "ioredis";
import { readScript, takeTurnsOn, withLines } from "./line-scripts.js";
import { adviceFor } from "./redis-advice.js";
import { errorReporter, RECONNECT } from "./redis-connections.js";
import { isServerTrouble, NoAnswer, NotSent, troubleOf, unavailable } from "./redis-errors.js";

/**
 * A request waits this long for a connection, and then this long for an answer: together under the promised 2
 * s.
 */
const READY_WAIT_MS = 700;
const ANSWER_WAIT_MS = 1_000;
/** A server that fell silent is asked this often whether it is back. */
const PROBE_INTERVAL_MS = 100;
/** A request's connection that was silent for this long is made anew. */
const SOCKET_TIMEOUT_MS = 4_000;

const MAX_LISTENERS = 10_000;

/** How many keys each script takes; 0 for as many as it is called with. */
const SCRIPT_KEYS = {
  snapshot: 7,
  cancel: 10,
  begin: 3,
  write: 5,
  reclaim: 4,
  "append-event": 2,
  "note-lost": 3,
  "queue-again": 3,
  announce: 3,
  catalogue: 3,
  "ask-drain": 1,
  "mark-installation": 1,
  depth: 5,
  figures: 7,
  "count-end": 0,
  "sum-counts": 0,
  "index-add": 2,
  "index-page": 2,
  "index-drop": 2,
  "index-remove": 3,
  "whose-job": 1,
  prefilter: 0,
  "remove-finished": 8,
  "restore-finished": 11,
  "clear-remains": 10,
  "fail-late": 7,
  "hold-lease": 1,
  "release-lease": 1,
  history: 3,
  condense: 3,
  erase: 13,
  "end-damaged": 6,
  "find-ends": 4,
  "owe-ends": 3,
  "pass-ends": 2,
  "add-delivery": 1,
  "change-delivery": 1,
  "add-endpoint": 1,
  "change-endpoint": 1,
  "add-api-key": 1,
  "tend-lines": 3,
  "set-bytes": 2,
  "tenant-use": 1,
} as const;

/** Scripts that know of lines, and the place of `prioritized` among their keys. */
const LINE_SCRIPTS: Readonly<Record<string, number>> = {
  snapshot: 7,
  cancel: 7,
  "fail-late": 4,
  "tend-lines": 1,
  "tenant-use": 1,
};

/** A file of `scripts/`. */
export type ScriptName = keyof typeof SCRIPT_KEYS;

const SCRIPTS = Object.entries(SCRIPT_KEYS).map(([name, numberOfKeys]) => {
  const [lua, prioritized] = [readScript(name), LINE_SCRIPTS[name]];
  return {
    name,
    ...(numberOfKeys === 0 ? {} : { numberOfKeys }),
    lua: prioritized === undefined ? lua : withLines(lua, prioritized),
  };
});

/** For requests: no command outlives its caller, and none is sent again behind its back. */
const FAIL_FAST = {
  ...RECONNECT,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_WAIT_MS + 500, // for what does not go through `use`
  socketTimeout: SOCKET_TIMEOUT_MS,
} satisfies RedisOptions;

/**
 * A connection for requests. Starts connecting when made, reconnects by itself for ever, ends with `close`.
 * Whatever goes wrong with the server is thrown as `redis_unavailable` within 2 s.
 *
 * A server that let one caller wait in vain has fallen silent: further ones are refused at once until it
 * answers again, so that a request of several steps, or one that comes later, does not wait for each of them.
 */
export class RedisLink {
  readonly client: Redis;
  readonly #events: EventSink;
  readonly #report: (error: unknown) => void;
  #isSilent = false;
  /** Why there is no connection, as far as the server or the network said. */
  #lastError: unknown;
  #connected: Promise<void> | undefined;

  constructor(url: string, log: Log, events: EventSink = NO_EVENTS) {
    this.#events = events;
    this.client = new Redis(url, FAIL_FAST);
    // What waits for the connection listens. Not 0 for any number: each of BullMQ's queues adds 3 to it.
    this.client.setMaxListeners(MAX_LISTENERS);
    this.#report = errorReporter(log, "redis: connection for requests");
    this.client.on("error", (error) => {
      this.#lastError = error;
      this.#report(error);
    });
    for (const { name, ...script } of SCRIPTS) this.client.defineCommand(name, script);
    takeTurnsOn(this.client);
  }

  /**
   * Runs commands once the connection is ready; all of them together have 1 s.
   * @throws {redis_unavailable} within 2 s, when the server does not serve.
   */
  async use<T>(commands: (client: Redis) => Promise<T>): Promise<T> {
    try {
      await this.#ready();
      const sentAt = performance.now();
      const answer = await withDeadline(commands(this.client), ANSWER_WAIT_MS, () => this.#fallSilent());
      this.#events.emit("redis.answered", { durationMs: performance.now() - sentAt });
      return answer;
    } catch (error) {
      if (error instanceof DomainError || !isServerTrouble(error)) throw error;
      this.#events.emit("redis.failed", { reason: troubleOf(error) });
      if (!(error instanceof NotSent) && adviceFor(error) !== undefined) this.#report(error);
      throw unavailable(error);
    }
  }

  /** Runs a script of `scripts/`; its header says keys, arguments and answer. */
  run(script: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.use((client) => {
      const command: unknown = Reflect.get(client, script);
      if (typeof command !== "function") throw new TypeError(`no script ${script}`);
      const count = SCRIPT_KEYS[script] === 0 ? [keys.length] : [];
      return command.call(client, ...count, ...keys, ...args) as Promise<unknown>;
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
    const tooLate = () => new NotSent(`no connection: ${this.client.status}`, { cause: this.#lastError });
    await withDeadline(this.#connected, READY_WAIT_MS, tooLate);
  }

  #fallSilent(): Error {
    if (!this.#isSilent) {
      this.#isSilent = true;
      void this.#listen();
    }
    return new NoAnswer(`no answer within ${ANSWER_WAIT_MS} ms`);
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
