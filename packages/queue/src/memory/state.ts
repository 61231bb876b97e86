import type {
  Job,
  JobEvent,
  JobId,
  JobRequest,
  JobStatus,
  LogLine,
  Progress,
  StopReason,
} from "@drover/core";
import { appendBounded } from "../bullmq/job-history.js";

/** A job as the memory queue keeps it. */
export interface Entry {
  request: JobRequest;
  status: JobStatus;
  /** Attempts that were started, and how many failed since the last retry by a person. */
  started: number;
  failures: number;
  /** Attempts that do not count: given back by a draining worker, or made before a person's retry. */
  uncounted: number;
  /** Not before this time, and why. */
  until: number | null;
  untilReason: "scheduled" | "retry_backoff";
  order: number;
  progress: Progress;
  isCancelling: boolean;
  updatedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** The end that a person's retry undid. */
  reopenedEnd: number | null;
  end: Pick<Job, "result" | "artifacts" | "error">;
  readonly events: JobEvent[];
  readonly logs: LogLine[];
}

/** Before the first progress of an attempt. */
export const NO_PROGRESS: Progress = { percent: 0, stage: null, message: null };
/** Before the job ended. */
export const NO_END: Entry["end"] = { result: null, artifacts: [], error: null };

/** Listeners that are told of every change. */
class Wake {
  readonly #listeners = new Set<() => void>();
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  all(): void {
    for (const listener of [...this.#listeners]) listener();
  }
  removeAll(): void {
    this.#listeners.clear();
  }
}

/** All jobs, and the few changes that can happen to one. */
export class MemoryState {
  readonly entries = new Map<JobId, Entry>();
  /** Aborts the running attempt of a job. */
  readonly stops = new Map<JobId, (reason: StopReason) => void>();
  /** Jobs that retention erased. */
  readonly expired = new Set<JobId>();
  readonly wake = new Wake();
  readonly random: () => number;
  #order = 0;

  constructor(random: () => number) {
    this.random = random;
  }

  nextOrder(): number {
    return this.#order++;
  }

  change(entry: Entry, change: Partial<Entry>, ...events: readonly JobEvent[]): void {
    Object.assign(entry, change, { updatedAt: Date.now() });
    appendBounded(entry.events, ...events);
    this.wake.all();
  }

  finish(entry: Entry, status: "completed" | "failed" | "cancelled", end: Partial<Entry["end"]>): void {
    const at = Date.now();
    const code = end.error?.code ?? null;
    this.change(
      entry,
      { status, finishedAt: at, isCancelling: false, until: null, end: { ...NO_END, ...end } },
      { type: "finished", at, attempt: entry.started, status, code },
    );
  }

  /** The queued jobs of a processor that may run now, first to run first. */
  inLine(processor: string): Entry[] {
    const now = Date.now();
    return [...this.entries.values()]
      .filter((e) => e.status === "queued" && e.request.processor === processor && (e.until ?? 0) <= now)
      .sort((a, b) => b.request.priority - a.request.priority || a.order - b.order);
  }

  view(entry: Entry): Job {
    const { timeoutMs: _timeout, queueTimeoutMs: _queueTimeout, ...request } = entry.request;
    const { status, started, startedAt, finishedAt, updatedAt, isCancelling } = entry;
    const progress = status === "completed" ? { ...entry.progress, percent: 100 } : entry.progress;
    const view = {
      status,
      attempt: started,
      maxAttempts: request.maxAttempts + entry.uncounted,
      startedAt,
      finishedAt,
      updatedAt,
      isCancelling,
      progress,
      waiting: this.#waiting(entry),
    };
    return { ...request, ...view, ...entry.end };
  }

  #waiting(entry: Entry): Job["waiting"] {
    if (entry.status !== "queued") return null;
    if (entry.until !== null && entry.until > Date.now())
      return { reason: entry.untilReason, position: null, until: entry.until };
    return {
      reason: "worker",
      position: this.inLine(entry.request.processor).indexOf(entry) + 1,
      until: null,
    };
  }
}
