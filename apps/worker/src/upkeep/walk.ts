import { type BlobStat, DomainError, type Log } from "@drover/core";
import { errorFields } from "@drover/log";

/** One turn of the sweeper at one of its parts. */
export interface Slice {
  readonly signal: AbortSignal;
  /** When the part has to let the others have their turn, in ms of the monotonic clock. */
  readonly untilMs: number;
  readonly monotonicMs: () => number;
  /**
   * Asked before each entry; looks only now and then.
   * @throws when nothing may be removed or restored: the lease is another's, or store and Redis do not belong
   *   together.
   */
  readonly mayGoOn: () => Promise<void>;
  readonly log: Log;
}

/** A part of the sweeper that keeps its place from one slice to the next. */
export interface Part<T> {
  run(slice: Slice): Promise<T>;
  /** Gives up its place. */
  close(): Promise<void>;
}

/** A walk that took longer rests for nine times as long: it takes a tenth of the time. In ms. */
const SHORT_WALK_MS = 5_000;

/**
 * A walk over a listing, continued in the next slice where the last one ended. An entry that cannot be looked
 * after is logged and passed over; a server or a storage that is away ends the slice. What takes long, as
 * with 100,000 kept jobs, is not begun anew with each sweep: most of it is in order.
 */
export class Walk<T> {
  readonly #list: () => AsyncIterable<T>;
  readonly #maxRestMs: number;
  #cursor: AsyncIterator<T> | undefined;
  /** How long the walk took so far, over its slices. */
  #tookMs = 0;
  /** Until when no new walk begins, in ms of the monotonic clock. */
  #restsUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param maxRestMs the longest rest: `DROVER_ORPHAN_GRACE`, so that what nobody owns goes when it is not much
   *   more than twice as old as that.
   */
  constructor(list: () => AsyncIterable<T>, maxRestMs: number) {
    this.#list = list;
    this.#maxRestMs = maxRestMs;
  }

  /**
   * Visits entries until the listing has ended (then true, and a later call starts anew), or the slice.
   */
  async go(slice: Slice, visit: (entry: T) => Promise<void>): Promise<boolean> {
    const startedAt = slice.monotonicMs();
    if (this.#cursor === undefined && startedAt < this.#restsUntil) return false;
    let isAtEnd: boolean;
    try {
      isAtEnd = await this.#goOn(slice, visit);
    } catch (error) {
      // A listing that threw does not go on. Nor does its time count: most of it was waiting for what is away.
      await this.close();
      throw error;
    }
    this.#tookMs += slice.monotonicMs() - startedAt;
    if (!isAtEnd) return false;
    this.#cursor = undefined;
    const restMs = this.#tookMs > SHORT_WALK_MS ? Math.min(9 * this.#tookMs, this.#maxRestMs) : 0;
    this.#restsUntil = slice.monotonicMs() + restMs;
    this.#tookMs = 0;
    return true;
  }

  async #goOn(slice: Slice, visit: (entry: T) => Promise<void>): Promise<boolean> {
    for (;;) {
      await slice.mayGoOn();
      if (slice.signal.aborted || slice.monotonicMs() > slice.untilMs) return false;
      this.#cursor ??= this.#list()[Symbol.asyncIterator]();
      const next = await this.#cursor.next();
      if (next.done === true) return true;
      await tryEntry(slice.log, next.value, visit);
    }
  }

  /** What was in order may not be any more: no rest before the next walk, nor after the one under way. */
  hurry(): void {
    this.#restsUntil = Number.NEGATIVE_INFINITY;
    if (this.#cursor !== undefined) this.#tookMs = Number.NEGATIVE_INFINITY;
  }

  /** Ends the listing where it is; the next call of `go` starts anew. */
  async close(): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = undefined;
    this.#tookMs = 0;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
    await cursor?.return?.();
  }
}

/**
 * Whether somebody could and did look after the entry.
 * @throws only what concerns all of them.
 */
export async function tryEntry<T>(log: Log, entry: T, visit: (entry: T) => Promise<void>): Promise<boolean> {
  try {
    await visit(entry);
    return true;
  } catch (error) {
    const isAway =
      error instanceof DomainError &&
      (error.code === "redis_unavailable" || error.code === "storage_unavailable");
    if (isAway || error instanceof TurnOver) throw error;
    log.warn("Sweep: an entry could not be looked after; the others go on", { entry, ...errorFields(error) });
    return false;
  }
}

/** The sweeper's turn is over. */
export class TurnOver extends Error {
  override readonly name = "TurnOver";
}

/** A folder of the store. */
export interface FolderListing {
  readonly folder: string;
  readonly names: ReadonlySet<string>;
  /** Time of the newest change in it, as the store stamps files. */
  readonly newestAt: number;
  readonly changedAt: ReadonlyMap<string, number>;
  /** Of its blobs together. */
  readonly bytes: number;
}

/**
 * The folders that hold blobs, each once it is listed to its end: a listing gives the keys of one folder
 * together.
 * @param depth how many segments make a folder, whatever is below it. Default: all but the last one.
 */
export async function* foldersOf(
  keys: AsyncIterable<BlobStat & { readonly key: string }>,
  depth?: number,
): AsyncGenerator<FolderListing> {
  let folder: string | undefined;
  let changedAt = new Map<string, number>();
  let bytes = 0;
  const listing = (name: string): FolderListing => ({
    folder: name,
    bytes,
    names: new Set(changedAt.keys()),
    newestAt: Math.max(...changedAt.values()),
    changedAt,
  });
  for await (const { key, modifiedAt, sizeBytes } of keys) {
    const segments = key.split("/");
    const own = depth ?? segments.length - 1;
    const name = segments.slice(0, own).join("/");
    if (folder !== undefined && name !== folder) {
      yield listing(folder);
      changedAt = new Map();
      bytes = 0;
    }
    folder = name;
    bytes += sizeBytes;
    changedAt.set(segments.slice(own).join("/"), modifiedAt);
  }
  if (folder !== undefined) yield listing(folder);
}

/** The same folders; `onEnd` is told how many bytes are in all of them, if the listing comes to its end. */
export async function* measured(
  folders: AsyncIterable<FolderListing>,
  onEnd: (bytes: number) => void,
): AsyncGenerator<FolderListing> {
  let bytes = 0;
  for await (const folder of folders) {
    bytes += folder.bytes;
    yield folder;
  }
  onEnd(bytes);
}

/** Most folders that are remembered, some 70 MB; further ones are simply looked at more often. */
const CAPACITY = 500_000;

/**
 * Folders that were found in order and need no second look for a while, so that a sweep costs a listing and a
 * few look-ups instead of one look-up for each file there is.
 */
export class CheckedFolders {
  readonly #forMs: number;
  readonly #now: () => number;
  readonly #until = new Map<string, number>();
  #tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(forMs: number, now: () => number) {
    this.#forMs = forMs;
    this.#now = now;
  }

  has(folder: string): boolean {
    const until = this.#until.get(folder);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(folder);
    return false;
  }

  add(folder: string): void {
    if (this.#until.size >= CAPACITY && this.#now() > this.#tidiedAt + this.#forMs) this.#tidy();
    if (this.#until.size < CAPACITY) this.#until.set(folder, this.#now() + this.#forMs);
  }

  clear(): void {
    this.#until.clear();
  }

  /** Forgets those whose time is over: what is not looked at any more is gone. */
  #tidy(): void {
    this.#tidiedAt = this.#now();
    for (const folder of [...this.#until.keys()]) this.has(folder);
  }
}
