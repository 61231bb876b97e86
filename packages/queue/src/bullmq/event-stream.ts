import { setTimeout as sleep } from "node:timers/promises";
import type { Following, FollowOptions, JobChange, JobId, Log } from "@drover/core";
import type { Redis } from "ioredis";
import { errorReporter, patientConnection } from "../redis-connections.js";
import type { RedisLink } from "../redis-link.js";
import { EVENTS_KEPT } from "./bullmq-internals.js";
import { LEASE_TIMES } from "./lease-times.js";
import { comparePositions, decodeEntry, isPosition, jobOf, type StreamEntry } from "./stream-entry.js";

/** Entries of one read. */
const BATCH = 1_000;
const RETRY_MS = 500;
/** How long a position that another process has told is waited for, in ms, and how often it is looked for. */
const CATCH_UP_MS = 1_000;
const LOOK_MS = 10;
const START = "0-0";

export interface EventStreamDeps {
  readonly link: RedisLink;
  readonly url: string;
  readonly log: Log;
}

/**
 * The event stream of one queue, read by this process once, over a connection of its own, however many follow
 * it. The newest changes are kept in memory; older ones are read when somebody who comes back asks for them.
 * Begins when made, ends with `close`.
 */
export class EventStream {
  readonly #processor: string;
  readonly #key: string;
  readonly #link: RedisLink;
  readonly #client: Redis;
  readonly #report: (error: unknown) => void;
  readonly #followers = new Set<FollowOptions>();
  readonly #wakers = new Map<string, Set<() => void>>();
  /** Oldest first; all changes after `#from` up to `#last`. */
  #kept: JobChange[] = [];
  #from = START;
  #last = START;
  #begun: Promise<void> | undefined;
  #older: Promise<void> | undefined;
  #isClosed = false;

  constructor(processor: string, key: string, { link, url, log }: EventStreamDeps) {
    this.#processor = processor;
    this.#key = key;
    this.#link = link;
    this.#client = patientConnection(url, log, { purpose: `events of ${processor}` });
    this.#report = errorReporter(log, `events of ${processor}`);
  }

  /** As of the port. */
  async newest(): Promise<string> {
    const entries = await this.#link.use((client) => client.xrevrange(this.#key, "+", "-", "COUNT", 1));
    return entries[0]?.[0] ?? START;
  }

  /** As of the port. */
  async follow(options: FollowOptions): Promise<Following> {
    await this.#begin();
    const { after } = options;
    if (after !== undefined && isPosition(after)) {
      await this.#catchUp(after);
      if (comparePositions(after, this.#from) < 0) await this.#readOlder();
    }
    // No wait from here on: what is told and what comes next must fit together.
    const isWhole = after === undefined || this.#knowsAllAfter(after);
    if (after !== undefined && isWhole) for (const change of this.#after(after)) tell(options, change);
    this.#followers.add(options);
    return { position: this.#last, isWhole, stop: () => void this.#followers.delete(options) };
  }

  /** Resolves at the next event of the job, or when the signal aborts. */
  next(id: JobId, signal: AbortSignal): Promise<void> {
    void this.#begin().catch(() => {}); // Redis is away: whoever waits looks again by itself
    return new Promise((resolve) => {
      const waiting = this.#wakers.get(id) ?? new Set();
      this.#wakers.set(id, waiting);
      const done = () => {
        waiting.delete(done);
        if (waiting.size === 0 && this.#wakers.get(id) === waiting) this.#wakers.delete(id);
        signal.removeEventListener("abort", done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
    this.#lose();
  }

  /** Resolves when the stream is being read. */
  #begin(): Promise<void> {
    this.#begun ??= this.newest().then(
      (newest) => {
        this.#from = this.#last = newest;
        this.#client.on("ready", () => void this.#checkForLoss());
        void this.#readOn();
        for (const id of [...this.#wakers.keys()]) this.#wake(id); // what happened before was not read
      },
      (error: unknown) => {
        this.#begun = undefined;
        throw error;
      },
    );
    return this.#begun;
  }

  async #readOn(): Promise<void> {
    const block = LEASE_TIMES.blockMs;
    while (!this.#isClosed) {
      try {
        const answer = await this.#client.xread(
          ...(["COUNT", BATCH, "BLOCK", block, "STREAMS", this.#key, this.#last] as const),
        );
        for (const entry of answer?.[0]?.[1] ?? []) this.#take(entry);
      } catch (error) {
        if (this.#isClosed) return;
        this.#report(error);
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  #take(entry: StreamEntry): void {
    this.#last = entry[0];
    this.#wake(jobOf(entry) ?? "");
    const change = decodeEntry(this.#processor, entry);
    if (change === undefined) return;
    this.#kept.push(change);
    if (this.#kept.length > 2 * EVENTS_KEPT) this.#forget(this.#kept.splice(0, EVENTS_KEPT));
    for (const follower of this.#followers) tell(follower, change);
  }

  #wake(id: string): void {
    for (const done of [...(this.#wakers.get(id) ?? [])]) done();
  }

  #forget(changes: readonly JobChange[]): void {
    this.#from = changes.at(-1)?.position ?? this.#from;
  }

  /** Reads what the stream holds from before this process began to read it, once. */
  #readOlder(): Promise<void> {
    this.#older ??= this.#readBackwards().catch((error: unknown) => {
      this.#older = undefined;
      throw error;
    });
    return this.#older;
  }

  async #readBackwards(): Promise<void> {
    const older: JobChange[] = [];
    const until = this.#from;
    let before = until;
    let first = until;
    for (;;) {
      // `until` itself is told to nobody yet: it is the newest that there was.
      const end = before === until ? until : `(${before}`;
      const entries = await this.#link.use((client) => client.xrevrange(this.#key, end, "-", "COUNT", BATCH));
      for (const entry of entries) {
        const change = decodeEntry(this.#processor, entry);
        if (change !== undefined) older.push(change);
      }
      first = before = entries.at(-1)?.[0] ?? before;
      if (entries.length < BATCH || older.length > EVENTS_KEPT) break;
    }
    if (this.#from !== until) return; // lost, or forgotten, meanwhile
    this.#kept = [...older.reverse(), ...this.#kept];
    this.#from = first;
  }

  /** Waits until this process has read what another one has told already. */
  async #catchUp(position: string): Promise<void> {
    if (comparePositions(position, this.#last) <= 0) return;
    if (comparePositions(position, await this.newest()) > 0) return; // Redis lost it
    const end = performance.now() + CATCH_UP_MS;
    while (comparePositions(position, this.#last) > 0 && performance.now() < end) await sleep(LOOK_MS);
  }

  #knowsAllAfter(position: string): boolean {
    if (!isPosition(position)) return false;
    return comparePositions(position, this.#from) >= 0 && comparePositions(position, this.#last) <= 0;
  }

  #after(position: string): readonly JobChange[] {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions(this.#kept[middle]?.position ?? START, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return this.#kept.slice(low);
  }

  /** A Redis that lost its data may number its entries anew, from before what was read. */
  async #checkForLoss(): Promise<void> {
    const newest = await this.newest().catch(() => undefined);
    if (newest === undefined || comparePositions(newest, this.#last) >= 0) return;
    this.#kept = [];
    this.#from = this.#last = newest;
    this.#lose();
  }

  #lose(): void {
    for (const follower of this.#followers) follower.onLost();
    this.#followers.clear();
  }
}

function tell({ id, onChange }: FollowOptions, change: JobChange): void {
  if (id === undefined || id === change.jobId) onChange(change);
}
