import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient, type Job, ProblemError, UnreachableError } from "@drover/client";
import { pick } from "./faults.js";

/** What a client wrote down about one file that it submitted. */
export interface LedgerEntry {
  readonly key: string;
  readonly sha256: string;
  /** Set by the 202; without it the job was not accepted and nothing is promised. */
  jobId?: string | undefined;
  /** Every status that was seen, oldest first, in short. */
  readonly seen: string[];
  /** The first terminal status that was seen, with its result. */
  terminal?: { readonly status: string; readonly result: string };
  wasCancelRequested: boolean;
}

/** Broken promises, one line each. */
export type Complaint = string;

/**
 * A client that waits for this many jobs submits no more: what is tested is faults, not how long a line can
 * get.
 */
const MAX_OPEN = 150;

/** How many jobs are looked at together in the end. */
const SETTLERS = 8;

const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/**
 * A client that submits files all the time, looks at its jobs now and then, and writes everything down. It
 * knows only the HTTP interface, finds another api when one is gone, and repeats a submit under its
 * idempotency key until it is accepted.
 */
export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly complaints: Complaint[] = [];
  readonly #urls: () => readonly string[];
  readonly #random: () => number;
  /** Accepted, and not seen to have ended. */
  readonly #open = new Set<LedgerEntry>();
  readonly #newest = new Map<string, { attempt: number; progress: number }>();

  constructor(urls: () => readonly string[], random: () => number) {
    this.#urls = urls;
    this.#random = random;
  }

  /** Submits and looks until the signal aborts; `count` loops at a time. */
  async run(count: number, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.#loop(`${i}`, signal)));
  }

  async #loop(name: string, signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      if (this.#open.size < MAX_OPEN) await this.#submit(`${name}-${n}`, signal);
      await this.#look(pick(this.#random, this.#open.size > 0 ? [...this.#open] : this.entries));
      await sleep(this.#random() * 200);
    }
  }

  async #submit(name: string, signal: AbortSignal): Promise<void> {
    const content = `${name} `.repeat(1 + Math.floor(this.#random() * 2_000));
    const entry: LedgerEntry = {
      key: `ledger-${name}-${Math.floor(this.#random() * 1e9)}`,
      sha256: sha256(content),
      seen: [],
      wasCancelRequested: false,
    };
    this.entries.push(entry);
    const ms = this.#random() < 0.1 ? 3_000 : Math.floor(this.#random() * 400);
    const shouldCancel = this.#random() < 0.05;
    while (!signal.aborted && entry.jobId === undefined) {
      entry.jobId = await this.#try((client) =>
        client.submit("digest", new Blob([content]), {
          filename: `${name}.txt`,
          params: { ms },
          idempotencyKey: entry.key,
          giveUpAfterMs: 1,
        }),
      ).then((job) => job?.job_id);
      if (entry.jobId === undefined) await sleep(100 + this.#random() * 400);
    }
    if (entry.jobId !== undefined) this.#open.add(entry);
    if (!shouldCancel || entry.jobId === undefined) return;
    const { jobId } = entry;
    entry.wasCancelRequested = true;
    await this.#try((client) => client.cancel(jobId));
  }

  async #look(entry: LedgerEntry): Promise<void> {
    const { jobId } = entry;
    if (jobId === undefined) return;
    const job = await this.#try((client) => client.get(jobId));
    if (job !== undefined) this.#note(entry, job);
  }

  #note(entry: LedgerEntry, job: Job): void {
    const { attempt, progress, status } = job;
    entry.seen.push(`${status} ${attempt}/${progress}`);
    const newest = this.#newest.get(job.job_id) ?? { attempt: 0, progress: 0 };
    const isOlder =
      attempt < newest.attempt ||
      (attempt === newest.attempt && progress < newest.progress && status === "running");
    if (isOlder)
      this.complaints.push(
        `${job.job_id}: progress fell from ${newest.attempt}/${newest.progress} to ${attempt}/${progress}`,
      );
    if (status === "running") this.#newest.set(job.job_id, { attempt, progress });
    if (!TERMINAL.includes(status)) {
      if (entry.terminal !== undefined)
        this.complaints.push(`${job.job_id}: was ${entry.terminal.status}, then ${status}`);
      return;
    }
    const terminal = { status, result: JSON.stringify([job.result, job.artifacts, job.error]) };
    if (entry.terminal !== undefined && JSON.stringify(entry.terminal) !== JSON.stringify(terminal)) {
      this.complaints.push(
        `${job.job_id}: published twice: ${JSON.stringify(entry.terminal)} then ${JSON.stringify(terminal)}`,
      );
    }
    entry.terminal ??= terminal;
    this.#open.delete(entry);
  }

  /**
   * Looks at every accepted job until all are terminal or the deadline has passed, then checks what each
   * promises.
   */
  async settle(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const open = this.entries.filter((entry) => entry.jobId !== undefined);
    const settler = async () => {
      for (let entry = open.pop(); entry !== undefined; entry = open.pop()) await this.#settleOne(entry, end);
    };
    await Promise.all(Array.from({ length: SETTLERS }, settler));
  }

  async #settleOne(entry: LedgerEntry, end: number): Promise<void> {
    do {
      await this.#look(entry);
      if (entry.terminal === undefined) await sleep(50);
    } while (entry.terminal === undefined && performance.now() < end);
    await this.#check(entry);
  }

  async #check(entry: LedgerEntry): Promise<void> {
    const { jobId, terminal } = entry;
    if (jobId === undefined) return;
    if (terminal === undefined) {
      this.complaints.push(
        `${jobId}: lost: never terminal; seen ${entry.seen.slice(-5).join(", ") || "nothing"}`,
      );
    } else if (terminal.status === "completed") {
      const artifact = await this.#try(async (client) => (await client.download(jobId)).body);
      const text = artifact === undefined ? undefined : await new Response(artifact).text();
      if (text?.trim() !== entry.sha256)
        this.complaints.push(`${jobId}: the artifact says ${text?.trim()}, the input was ${entry.sha256}`);
      if (!terminal.result.includes(entry.sha256))
        this.complaints.push(`${jobId}: the result is not the input's digest`);
    } else if (terminal.status === "failed" || !entry.wasCancelRequested) {
      this.complaints.push(`${jobId}: ended ${terminal.status} ${terminal.result}`);
    }
  }

  /**
   * One call to some api; `undefined` when that one is gone or says to try later. A refusal for any other
   * reason is a complaint.
   */
  async #try<T>(call: (client: Client) => Promise<T>): Promise<T | undefined> {
    const urls = this.#urls();
    if (urls.length === 0) return undefined;
    try {
      return await call(createClient({ baseUrl: pick(this.#random, urls) }));
    } catch (error) {
      const isExpected =
        error instanceof UnreachableError ||
        (error instanceof ProblemError && (error.status >= 500 || error.code === "job_already_finished"));
      if (!isExpected) this.complaints.push(`refused: ${String(error)}`);
      return undefined;
    }
  }
}

/** Hexadecimal. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
