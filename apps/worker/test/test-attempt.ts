import { randomUUID } from "node:crypto";
import type { Attempt, JobRequest, Log, LogFields, LogLine, Progress, StopReason } from "@drover/core";
import { byLevel } from "@drover/log";

/** A log that keeps its entries. */
export function recordingLog(): Log & {
  readonly entries: { level: string; message: string; fields: LogFields }[];
} {
  const entries: { level: string; message: string; fields: LogFields }[] = [];
  return { entries, ...byLevel((level, message, fields) => entries.push({ level, message, fields })) };
}

/** An attempt in the test's own hands. */
export class TestAttempt implements Attempt {
  readonly updates: Progress[] = [];
  readonly lines: LogLine[] = [];
  readonly id = randomUUID().slice(0, 8);
  readonly request: JobRequest;
  readonly number: number;
  reopenedEnd: number | null = null;
  readonly #stop = new AbortController();

  constructor(request: JobRequest, number: number) {
    this.request = request;
    this.number = number;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: StopReason): void {
    this.#stop.abort(reason);
  }

  async progress(progress: Progress): Promise<void> {
    this.updates.push(progress);
  }

  async log(lines: readonly LogLine[]): Promise<void> {
    this.lines.push(...lines);
  }
}
