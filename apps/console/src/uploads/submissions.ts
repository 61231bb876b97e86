import type { Job } from "@drover/client";
import type { Params } from "../params/param-fields.js";

/** A file on its way to a processor. */
export interface Sending {
  readonly processor: string;
  readonly file: File;
  readonly params: Params;
  /** Makes repeats of this submit one job. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Called as the bytes leave; begins at 0 again when the line was lost. */
  onProgress(sentBytes: number, totalBytes: number): void;
}

/** Brings a file to the server and returns its job. */
export type FileSender = (sending: Sending) => Promise<Job>;

/** What becomes of a file that was started. */
export type SubmissionState =
  | { readonly kind: "waiting" }
  | {
      readonly kind: "sending";
      readonly sentBytes: number;
      readonly totalBytes: number;
      /** How often it was begun, this time included. */
      readonly tries: number;
    }
  | { readonly kind: "accepted"; readonly jobId: string }
  | { readonly kind: "refused"; readonly error: unknown }
  | { readonly kind: "stopped" };

/** A file that was started, in the order in which that was. */
export interface Submission {
  readonly id: string;
  readonly processor: string;
  readonly file: File;
  readonly params: Params;
  readonly state: SubmissionState;
}

export interface SubmissionsOptions {
  readonly send: FileSender;
  /** Random, for idempotency keys. */
  readonly newId: () => string;
  /** Called when a file has become a job. */
  readonly onAccepted: (submission: Submission, jobId: string) => void;
}

/** So many files are on their way at a time: a browser has six connections to a host, and pages need some. */
const AT_ONCE = 2;

/**
 * The uploads of this page, each begun once and held here whatever page is shown. They live as long as the tab.
 */
export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #listeners = new Set<() => void>();
  readonly #stops = new Map<string, AbortController>();
  #all: readonly Submission[] = [];

  constructor(options: SubmissionsOptions) {
    this.#options = options;
  }

  get all(): readonly Submission[] {
    return this.#all;
  }

  /** Whether leaving the page would lose something. */
  get isBusy(): boolean {
    return this.#all.some(({ state }) => state.kind === "waiting" || state.kind === "sending");
  }

  /** The file of a job that was submitted from this page, to be sent again. */
  fileOf(jobId: string): File | undefined {
    return this.#all.find(({ state }) => state.kind === "accepted" && state.jobId === jobId)?.file;
  }

  /** Queues the files, a job each; returns their ids. */
  start(processor: string, files: readonly File[], params: Params): readonly string[] {
    const started = files.map((file): Submission => {
      const state = { kind: "waiting" } as const;
      return { id: this.#options.newId(), processor, file, params, state };
    });
    this.#all = [...this.#all, ...started];
    this.#next();
    return started.map(({ id }) => id);
  }

  /** Takes back a file that is no job yet. One that has just become one stays it. */
  stop(id: string): void {
    this.#stops.get(id)?.abort();
    this.#change(id, { kind: "stopped" });
  }

  /** Forgets what was refused or stopped. */
  dismiss(id: string): void {
    this.#all = this.#all.filter((submission) => submission.id !== id);
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #next(): void {
    const busy = this.#all.filter(({ state }) => state.kind === "sending").length;
    const waiting = this.#all.filter(({ state }) => state.kind === "waiting");
    for (const submission of waiting.slice(0, Math.max(0, AT_ONCE - busy))) void this.#send(submission);
    this.#tell();
  }

  async #send({ id, processor, file, params }: Submission): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(id, stop);
    let tries = 1;
    let sentBefore = 0;
    const sending = (sentBytes: number, totalBytes: number) => {
      if (sentBytes < sentBefore) tries++;
      sentBefore = sentBytes;
      this.#change(id, { kind: "sending", sentBytes, totalBytes, tries });
    };
    sending(0, file.size);
    try {
      const job = await this.#options.send({
        ...{ processor, file, params, idempotencyKey: id, signal: stop.signal },
        onProgress: sending,
      });
      this.#change(id, { kind: "accepted", jobId: job.job_id });
      const submission = this.#all.find((each) => each.id === id);
      if (submission !== undefined) this.#options.onAccepted(submission, job.job_id);
    } catch (error) {
      if (!stop.signal.aborted) this.#change(id, { kind: "refused", error });
    } finally {
      this.#stops.delete(id);
      this.#next();
    }
  }

  #change(id: string, state: SubmissionState): void {
    this.#all = this.#all.map((each) => (each.id === id ? { ...each, state } : each));
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
