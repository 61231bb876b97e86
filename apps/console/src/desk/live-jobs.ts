import type { Client, Job, JobsStreamEvent } from "@drover/client";
import type { JobFilter } from "@drover/contract";
import { withEvents, withHead, withPage } from "./job-rows.js";
import { matchesFilter } from "./job-search.js";

/** What the table knows. A new object with each change. */
export interface LiveRows {
  /** Newest first. */
  readonly rows: readonly Job[];
  /** Whether no further job matches. */
  readonly isWhole: boolean;
  /** Of the latest read; `null` when it went well. */
  readonly error: unknown;
  /** Of further jobs. */
  readonly isReading: boolean;
}

/** Jobs of the first page, and of each further one. */
const FIRST_PAGE = 100;
const PAGE = 200;
/** The beginning is read anew so often, whatever the stream tells, in ms. */
const LOOK_AGAIN_MS = 10_000;
/** Sooner when the server did not answer, and when the stream told of a job that is not known, in ms. */
const LOOK_SOON_MS = 2_000;
/** Events of this long make one change of the table, in ms. */
const GATHER_MS = 250;
/** For as long as the table is looked at, a server that is away is waited for. */
const PATIENCE_MS = 24 * 3_600_000;

export interface LiveJobsOptions {
  readonly client: Pick<Client, "list" | "streamAll">;
  /** Asked again for each read: an age is counted from now. */
  readonly filter: () => JobFilter;
}

/**
 * The jobs that match a filter, as they come and go: pages as they are asked for, changes by the stream of all jobs,
 * and the first page again every 10 s, which finds what no event tells. Begins with `start`, ends with `stop`, and
 * may begin again.
 */
export class LiveJobs {
  readonly #options: LiveJobsOptions;
  readonly #listeners = new Set<() => void>();
  #state: LiveRows = { rows: [], isWhole: false, error: null, isReading: true };
  #cursor: string | null = null;
  #events: JobsStreamEvent[] = [];
  #stopping = new AbortController();
  #look: ReturnType<typeof setTimeout> | undefined;
  #gather: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveJobsOptions) {
    this.#options = options;
  }

  get state(): LiveRows {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#stopping = new AbortController();
    void this.#readFirst(this.#stopping.signal);
    void this.#follow(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#look);
    clearTimeout(this.#gather);
    this.#gather = undefined;
  }

  /** Reads the next page, unless it is being read or there is none. */
  async more(): Promise<void> {
    if (this.#state.isReading || this.#cursor === null) return;
    await this.#read(PAGE, this.#stopping.signal);
  }

  /** Reads the beginning now. */
  lookAgain(): void {
    clearTimeout(this.#look);
    void this.#readHead(this.#stopping.signal);
  }

  async #readFirst(signal: AbortSignal): Promise<void> {
    this.#cursor = null;
    await this.#read(FIRST_PAGE, signal);
    this.#lookIn(this.#state.error === null ? LOOK_AGAIN_MS : LOOK_SOON_MS);
  }

  async #read(limit: number, signal: AbortSignal): Promise<void> {
    const cursor = this.#cursor;
    this.#set({ isReading: true });
    try {
      const filter = { ...this.#options.filter(), limit, ...(cursor === null ? {} : { cursor }) };
      const { jobs, next_cursor } = await this.#options.client.list(filter, { signal });
      this.#cursor = next_cursor;
      const rows = cursor === null ? jobs : withPage(this.#state.rows, jobs);
      this.#set({ rows, isWhole: next_cursor === null, error: null, isReading: false });
    } catch (error) {
      if (!signal.aborted) this.#set({ error, isReading: false });
    }
  }

  async #readHead(signal: AbortSignal): Promise<void> {
    if (this.#cursor === null && !this.#state.isWhole) return this.#readFirst(signal); // the first read failed
    try {
      const filter = { ...this.#options.filter(), limit: FIRST_PAGE };
      const page = await this.#options.client.list(filter, { signal });
      const isAll = page.next_cursor === null;
      if (isAll) this.#cursor = null;
      this.#set({
        rows: withHead(this.#state.rows, page),
        error: null,
        ...(isAll ? { isWhole: true } : {}),
      });
      this.#lookIn(LOOK_AGAIN_MS);
    } catch (error) {
      if (signal.aborted) return;
      this.#set({ error });
      this.#lookIn(LOOK_SOON_MS);
    }
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#look);
    const { signal } = this.#stopping;
    if (!signal.aborted) this.#look = setTimeout(() => void this.#readHead(signal), ms);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { processor, tag, tenant } = this.#options.filter();
    const followed = {
      ...(processor === undefined ? {} : { processor }),
      ...(tag === undefined ? {} : { tag }),
      ...(tenant === undefined ? {} : { tenant }),
    };
    try {
      const options = { signal, giveUpAfterMs: PATIENCE_MS };
      for await (const event of this.#options.client.streamAll(followed, options)) this.#note(event);
    } catch {
      // Refused, as for a processor that nobody has announced; the reads go on, and say so if they are as well.
    }
  }

  #note(event: JobsStreamEvent): void {
    this.#events.push(event);
    this.#gather ??= setTimeout(() => this.#apply(), GATHER_MS);
  }

  #apply(): void {
    this.#gather = undefined;
    const filter = this.#options.filter();
    const events = this.#events.splice(0);
    const { rows, isMoreToRead } = withEvents(this.#state.rows, events, (job) => matchesFilter(job, filter));
    this.#set({ rows });
    if (isMoreToRead) this.#lookIn(LOOK_SOON_MS / 2);
  }

  #set(change: Partial<LiveRows>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
