import { type BlobStat, type BlobStore, type Clock, DomainError, type Log } from "@drover/core";
import { INSTALLATION_KEY } from "./blob-keys.js";
import { type InstallationState, type PairDeps, type PairOptions, pairUp } from "./pairing.js";

export interface InstallationDeps extends PairDeps {
  readonly store: PairDeps["store"] & Pick<BlobStore, "stat">;
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
  readonly log: Log;
  /** Which Redis and which storage, without secrets, for the log. */
  readonly where: { readonly redis: string; readonly storage: string };
}

/** Time between two looks, in ms. */
const RECHECK_MS = 3_000;
/**
 * A look that takes longer, in ms, says that the storage does not answer: Redis alone is given up after 2 s.
 */
const LOOK_MS = 5_000;

/**
 * Whether Redis and storage belong together. Nothing is erased, restored or run by a process that does not
 * know it: that Redis knows no job of some files is no proof that they are nobody's when it is the wrong
 * Redis.
 *
 * Looks again every 3 s from `start` to `stop`, and whenever it is asked. Logs one line with the first
 * answer, and one when it changes.
 */
export class Installation {
  readonly #deps: InstallationDeps;
  readonly #stopping = new AbortController();
  #state: InstallationState = { kind: "unknown", detail: "Redis was not asked yet." };
  /** The id that was agreed on last. */
  #known: string | undefined;
  /** The installation file as it was when both agreed last. */
  #file: BlobStat | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<InstallationState> | undefined;
  #told: string | undefined;

  constructor(deps: InstallationDeps) {
    this.#deps = deps;
  }

  /** As of the last look. */
  get state(): InstallationState {
    return this.#state;
  }

  start(): void {
    void this.#watch();
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Looks now, at most once at a time. Never rejects. */
  check(): Promise<InstallationState> {
    this.#looking ??= this.#look({}).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /**
   * Says that the two belong together: what one of them lacks is made, but another id is never replaced.
   * Never rejects.
   */
  adopt(): Promise<InstallationState> {
    return this.#look({ isAdopting: true });
  }

  /**
   * To be called right before anything is erased, restored or run.
   * @param maxAgeMs how old a look may be that says that the two agree, in ms. Default 0: looks now.
   * @throws `storage_not_shared`, `storage_unavailable`, or `redis_unavailable` when it cannot be known.
   */
  async confirm(maxAgeMs = 0): Promise<void> {
    const isFresh = this.#deps.clock.monotonicMs() - this.#lookedAt < maxAgeMs;
    const state = isFresh && this.#state.kind === "agreed" ? this.#state : await this.check();
    if (state.kind === "agreed") return;
    const code = state.kind === "refused" ? state.code : "redis_unavailable";
    throw new DomainError(code, state.detail, { retryAfterS: code === "redis_unavailable" ? 2 : 10 });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.check();
      await this.#deps.clock.sleep(RECHECK_MS, signal).catch(() => {}); // stopped
    }
  }

  async #look(options: PairOptions): Promise<InstallationState> {
    const giveUp = new AbortController();
    const tooLong = this.#deps.clock.sleep(LOOK_MS, giveUp.signal).then(
      () => away("It does not answer."),
      () => away("It does not answer."), // the look was over first
    );
    const pairing = this.#compare({ ...options, known: this.#known }).catch(stateOfTrouble);
    this.#state = await Promise.race([pairing, tooLong]);
    giveUp.abort();
    this.#lookedAt = this.#deps.clock.monotonicMs();
    if (this.#state.kind === "agreed") this.#known = this.#state.id;
    this.#tell();
    return this.#state;
  }

  /** The file is read only when it is not the one that was read before: this is asked for each attempt. */
  async #compare(options: PairOptions): Promise<InstallationState> {
    const { store, marks } = this.#deps;
    const [file, known] = [await store.stat(INSTALLATION_KEY), this.#state];
    if (known.kind === "agreed" && file !== undefined && isSame(file, this.#file)) {
      const mark = await marks.read();
      if (mark?.state === "bound" && mark.id === known.id) return known;
    }
    const state = await pairUp(this.#deps, options);
    this.#file = file;
    return state;
  }

  /** One line for each change, the first with all that tells where this process works. */
  #tell(): void {
    const { log, where, prefix } = this.#deps;
    const state = this.#state;
    const said = state.kind === "agreed" ? state.id : state.detail;
    if (said === this.#told) return;
    this.#told = said;
    const place = `Redis ${where.redis}, prefix "${prefix}", storage ${where.storage}`;
    if (state.kind === "agreed") log.info(`${place}: installation ${state.id}`, { installation: state.id });
    else if (state.kind === "unknown") log.warn(`${place}: ${state.detail}`);
    else log.error(`${place}: ${state.detail}`, { code: state.code });
  }
}

function isSame(file: BlobStat, before: BlobStat | undefined): boolean {
  return file.modifiedAt === before?.modifiedAt && file.sizeBytes === before.sizeBytes;
}

function stateOfTrouble(error: unknown): InstallationState {
  if (error instanceof DomainError && error.code === "redis_unavailable")
    return { kind: "unknown", detail: error.message };
  if (error instanceof DomainError) return away(error.message);
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return away(`It cannot be used (${code}).`);
}

function away(reason: string): InstallationState {
  return { kind: "refused", code: "storage_unavailable", detail: `The storage is away. ${reason}` };
}
