import { isAbsolute, relative } from "node:path";
import type { Job } from "@drover/client";
import { UNSHOWABLE } from "@drover/contract";

/** A job in a few lines for a person. */
export function describeJob(job: Job): string {
  const lines = [
    `${job.job_id}  ${job.processor}  ${job.status}`,
    `  input     ${job.input.filename} (${formatBytes(job.input.size_bytes)})`,
    `  created   ${job.created_at}`,
  ];
  if (job.status === "running")
    lines.push(`  progress  ${job.progress.toFixed(1)} % ${job.message ?? job.stage ?? ""}`);
  if (job.attempt > 1) lines.push(`  attempt   ${job.attempt} of ${job.max_attempts}`);
  if (job.waiting !== null) lines.push(`  waits     ${job.waiting.reason}${positionOf(job.waiting)}`);
  if (job.completed_at !== null) lines.push(`  finished  ${job.completed_at}`);
  if (job.error !== null) lines.push(`  error     ${job.error.message} (${job.error.code})`);
  for (const artifact of job.artifacts) {
    lines.push(`  artifact  ${artifact.name} (${formatBytes(artifact.size_bytes)})`);
  }
  return `${lines.map(visible).join("\n")}\n`;
}

/**
 * A line whose parts others wrote, file names and a processor's messages, as it may be shown on a terminal.
 */
export function visible(line: string): string {
  return line.replace(
    UNSHOWABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function positionOf(waiting: NonNullable<Job["waiting"]>): string {
  if (waiting.until !== null) return ` until ${waiting.until}`;
  return waiting.position === null ? "" : `, number ${waiting.position} in line`;
}

/** A line for each job: id, processor, status, progress, age, file. */
export function describeJobs(jobs: readonly Job[]): string {
  const rows = jobs.map((job) => [
    job.job_id,
    job.processor,
    job.status,
    `${job.progress.toFixed(0)} %`,
    job.created_at,
    job.input.filename,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${visible(line(row))}\n`).join("");
}

/** As `12 B`, `3.4 kB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** The path as a person types it from the working folder: relative when it is below, else absolute. */
export function shortPath(path: string): string {
  const short = relative("", path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

/** Shows how far a job is, each time it is called with a newer reading. */
export interface ProgressView {
  update(job: Job): void;
  /** Ends the line of a bar. */
  end(): void;
}

const BAR_WIDTH = 24;
const STEP_PERCENT = 10;

/** A bar on a terminal; elsewhere a line when the status or the stage changes and at every 10 percent. */
export function createProgress(out: NodeJS.WriteStream): ProgressView {
  return out.isTTY ? bar(out) : lines(out);
}

function bar(out: NodeJS.WriteStream): ProgressView {
  let isDrawn = false;
  return {
    update(job) {
      isDrawn = true;
      const filled = Math.round((job.progress / 100) * BAR_WIDTH);
      const picture = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      const line = `${picture} ${job.progress.toFixed(1).padStart(5)} %  ${stateOf(job)}`;
      out.write(`\r\u001b[K${line.slice(0, (out.columns ?? 80) - 1)}`);
    },
    end: () => void (isDrawn && out.write("\n")),
  };
}

function lines(out: NodeJS.WritableStream): ProgressView {
  let last: Job | undefined;
  let lastStep = -1;
  return {
    update(job) {
      const step = Math.floor(job.progress / STEP_PERCENT);
      const isNews = last?.status !== job.status || last.stage !== job.stage || last.attempt !== job.attempt;
      if (isNews || step !== lastStep)
        out.write(`${job.progress.toFixed(1).padStart(5)} %  ${stateOf(job)}\n`);
      last = job;
      lastStep = step;
    },
    end() {},
  };
}

/** What the job does now, in a few words. */
function stateOf(job: Job): string {
  if (job.status === "queued" && job.waiting !== null)
    return `queued: ${WAITING[job.waiting.reason] ?? job.waiting.reason}`;
  if (job.status !== "running") return job.status;
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt} of ${job.max_attempts})` : "";
  return visible(`${job.stage ?? "running"}${attempt}${job.message === null ? "" : `: ${job.message}`}`);
}

/** A reason that is not here is shown as it came. */
const WAITING: Readonly<Record<string, string>> = {
  worker: "waits for a free worker",
  no_worker_for_processor: "no worker serves this processor now",
  retry_backoff: "waits before the next attempt",
  scheduled: "waits for its time",
};
