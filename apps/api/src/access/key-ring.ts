import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiKey, type ApiKeys, type Caller, DomainError, type Log } from "@drover/core";

/** A key with what is needed to judge a request by it. */
export interface RingKey {
  readonly digest: Buffer;
  readonly caller: Caller;
  /** ms since the epoch; `null` for never. */
  readonly expiresAt: number | null;
}

/** The keys as they were at one moment. */
export interface KeySnapshot {
  readonly byId: ReadonlyMap<string, RingKey>;
  /** Whether there is any key, also one that cannot be read. */
  readonly isAny: boolean;
  readonly tokenSecret: string | undefined;
  /** Not later than the moment, by the process's monotonic time in ms. */
  readonly askedAt: number;
}

export interface KeyRingOptions {
  readonly apiKeys: Pick<ApiKeys, "read" | "keepTokenSecret">;
  readonly log: Log;
  /** Time between two readings, in ms. Default 1,500. */
  readonly everyMs?: number;
  /** How long a reading is trusted, in ms: a revoked key opens nothing after that. Default 5,000. */
  readonly trustMs?: number;
}

/** Shortest time between two readings that requests ask for, in ms: unknown keys must not flood Redis. */
const GAP_MS = 200;

/**
 * All keys in Redis, as this process knows them, so that a request costs no question of its own. They are read
 * again and again between `start` and `stop`; before and after that whenever they are asked for and too old.
 */
export class KeyRing {
  readonly #options: Required<KeyRingOptions>;
  #snapshot: KeySnapshot | undefined;
  #hadKeys = false;
  #reading: Promise<KeySnapshot> | undefined;
  /** The next reading to begin. */
  #next: Promise<KeySnapshot> | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = { everyMs: 1_500, trustMs: 5_000, ...options };
  }

  /** Whether there were keys at any time in the life of this process: a server that had some opens to nobody. */
  get hadKeys(): boolean {
    return this.#hadKeys;
  }

  /** Whether Redis has told its keys yet. */
  get isRead(): boolean {
    return this.#snapshot !== undefined;
  }

  /** Reads the keys a first time, and from then on. Does not fail: without Redis there are none to trust. */
  async start(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => void this.refresh(), this.#options.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * What `look` says of the keys, at once when they were read within the last 5 s.
   * @throws `redis_unavailable`.
   */
  judge<T>(look: (known: KeySnapshot) => T): T | Promise<T> {
    const known = this.#trusted();
    return known === undefined ? this.fresh().then(look) : look(known);
  }

  /**
   * What `look` finds among the keys; where it finds nothing, among those of a new reading, for what was made a
   * moment ago.
   * @throws `redis_unavailable`.
   */
  find<T>(look: (known: KeySnapshot) => T | undefined): T | Promise<T | undefined> {
    const known = this.#trusted();
    return (known === undefined ? undefined : look(known)) ?? this.fresh().then(look);
  }

  /**
   * What tokens of jobs are signed with; made with the first of them.
   * @throws `redis_unavailable`.
   */
  async tokenSecret(): Promise<string> {
    const known = await this.judge(({ tokenSecret }) => tokenSecret);
    if (known !== undefined) return known;
    const secret = await this.#options.apiKeys.keepTokenSecret(randomBytes(32).toString("base64url"));
    await this.refresh();
    return secret;
  }

  /**
   * The keys as a reading finds them that begins after this call. However often it is called, there are at most
   * five readings a second.
   * @throws `redis_unavailable`.
   */
  fresh(): Promise<KeySnapshot> {
    this.#next ??= this.#readNext();
    return this.#next;
  }

  /** Reads the keys anew; where that fails, the next reading has them. */
  async refresh(): Promise<void> {
    await this.fresh().catch((error: unknown) => {
      if (!(error instanceof DomainError)) this.#options.log.error("The API keys cannot be read.", { error });
    });
  }

  #trusted(): KeySnapshot | undefined {
    const known = this.#snapshot;
    const isTrusted = known !== undefined && performance.now() - known.askedAt < this.#options.trustMs;
    return isTrusted ? known : undefined;
  }

  async #readNext(): Promise<KeySnapshot> {
    await this.#reading?.catch(() => {}); // whoever began it is told
    const waitMs = this.#begunAt + GAP_MS - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    this.#next = undefined; // what asks from now on has to wait for another one
    this.#reading = this.#read();
    return this.#reading;
  }

  async #read(): Promise<KeySnapshot> {
    const askedAt = performance.now();
    this.#begunAt = askedAt;
    const { keys, isAny, tokenSecret } = await this.#options.apiKeys.read();
    const snapshot = { byId: new Map(keys.map(ringKeyOf)), isAny, tokenSecret, askedAt };
    if (isAny && this.#snapshot !== undefined && !this.#hadKeys) {
      this.#options.log.info("There are API keys now; every request needs one from now on.");
    }
    this.#hadKeys ||= isAny;
    this.#snapshot = snapshot;
    return snapshot;
  }
}

function ringKeyOf({ id, tenant, scopes, sha256, expiresAt }: ApiKey): [string, RingKey] {
  const caller: Caller = { tenant, scopes: new Set(scopes), keyId: id };
  return [id, { digest: Buffer.from(sha256, "hex"), caller, expiresAt }];
}
