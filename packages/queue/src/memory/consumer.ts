import { randomBytes } from "node:crypto";
import {
  type Attempt,
  type ConsumeOptions,
  type Consumer,
  isRetryable,
  isTerminal,
  type JobEvent,
  type Outcome,
  retryDelayMs,
} from "@drover/core";
import { appendBounded } from "../bullmq/job-history.js";
import { type Entry, type MemoryState, NO_PROGRESS } from "./state.js";

/** Takes jobs as soon as there are any and a slot is free; ends with `drain`. */
export class MemoryConsumer implements Consumer {
  readonly #state: MemoryState;
  readonly #processor: string;
  readonly #options: ConsumeOptions;
  readonly #execute: (attempt: Attempt) => Promise<Outcome>;
  readonly #active = new Map<Entry, Promise<void>>();
  readonly #stopListening: () => void;
  readonly #timer: NodeJS.Timeout;
  #isDraining = false;
  #isTaking = false;
  #isPaused = false;

  constructor(
    state: MemoryState,
    processor: string,
    options: ConsumeOptions,
    execute: (attempt: Attempt) => Promise<Outcome>,
  ) {
    this.#state = state;
    this.#processor = processor;
    this.#options = options;
    this.#execute = execute;
    this.#stopListening = state.wake.add(() => this.#take());
    this.#timer = setInterval(() => this.#take(), 20).unref(); // scheduled and delayed jobs come due
    this.#take();
  }

  get running(): number {
    return this.#active.size;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#take();
  }

  async drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true;
    this.#stopListening();
    clearInterval(this.#timer);
    const abort = () => {
      for (const entry of this.#active.keys()) this.#state.stops.get(entry.request.id)?.("drained");
    };
    const timer = setTimeout(abort, deadlineMs);
    await Promise.all(this.#active.values());
    clearTimeout(timer);
  }

  #take(): void {
    if (this.#isTaking) return; // taking a job wakes every listener, this one too
    this.#isTaking = true;
    while (!this.#isDraining && !this.#isPaused && this.#active.size < this.#options.slots) {
      const entry = this.#state.inLine(this.#processor)[0];
      if (entry === undefined) break;
      const run = this.#run(entry).finally(() => {
        this.#active.delete(entry);
        this.#take();
      });
      this.#active.set(entry, run);
    }
    this.#isTaking = false;
  }

  async #run(entry: Entry): Promise<void> {
    const at = Date.now();
    const number = entry.started + 1;
    const stop = new AbortController();
    this.#state.stops.set(entry.request.id, (reason) => stop.abort(reason));
    this.#state.change(
      entry,
      { status: "running", started: number, startedAt: at, until: null, progress: NO_PROGRESS },
      { type: "started", at, attempt: number, worker: this.#options.workerId },
    );
    const attempt = this.#attempt(entry, number, stop.signal);
    await null; // the state above is visible before the work starts
    const outcome = await this.#execute(attempt);
    this.#state.stops.delete(entry.request.id);
    this.#record(entry, outcome);
    if (isTerminal(entry.status)) await this.#options.onFinished?.(attempt, outcome);
  }

  #attempt(entry: Entry, number: number, signal: AbortSignal): Attempt {
    const isCurrent = () => entry.status === "running" && entry.started === number;
    return {
      id: randomBytes(5).toString("hex"),
      request: entry.request,
      number,
      reopenedEnd: entry.reopenedEnd,
      signal,
      progress: async (progress) => {
        if (!isCurrent()) return;
        const { stage } = progress;
        const event: JobEvent[] =
          stage !== null && stage !== entry.progress.stage
            ? [{ type: "stage", at: Date.now(), attempt: number, stage }]
            : [];
        const percent = Math.max(entry.progress.percent, progress.percent);
        this.#state.change(entry, { progress: { ...progress, percent } }, ...event);
      },
      log: async (lines) => {
        if (isCurrent()) appendBounded(entry.logs, ...lines);
      },
    };
  }

  #record(entry: Entry, outcome: Outcome): void {
    switch (outcome.kind) {
      case "completed":
        return this.#state.finish(entry, "completed", {
          result: outcome.result,
          artifacts: outcome.artifacts,
        });
      case "cancelled":
        return this.#state.finish(entry, "cancelled", {});
      case "released":
        return this.#state.change(
          entry,
          { status: "queued", uncounted: entry.uncounted + 1, startedAt: null, order: -1 },
          { type: "released", at: Date.now(), attempt: entry.started, worker: this.#options.workerId },
        );
      case "failed":
        return this.#fail(entry, outcome);
    }
  }

  #fail(entry: Entry, outcome: Extract<Outcome, { kind: "failed" }>): void {
    const failures = entry.failures + 1;
    const { code, message } = outcome;
    const policy = { ...this.#options.retry, maxAttempts: entry.request.maxAttempts };
    const delay =
      outcome.retryable && !entry.isCancelling
        ? retryDelayMs(policy, failures, this.#state.random)
        : undefined;
    if (delay === undefined) {
      return this.#state.finish(entry, "failed", { error: { code, message, retryable: isRetryable(code) } });
    }
    const at = Date.now();
    const until = at + (outcome.retryAfterMs ?? delay);
    this.#state.change(
      entry,
      { status: "queued", failures, until, untilReason: "retry_backoff", order: this.#state.nextOrder() },
      { type: "retry", at, attempt: entry.started, code, message, until },
    );
  }
}
