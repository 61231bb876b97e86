import { isAbsolute, relative } from "node:path";
import type { Job } from "@drover/client";
import { UNSHOWABLE } from "@drover/contract";
import {
  type Paint,
  type Piece,
  padToWidth,
  plain,
  renderLine,
  statusPiece,
  widthOf,
} from "./terminal/paint.js";

/** A job in a few lines for a person. */
export function describeJob(job: Job, paint: Paint = plain): string {
  const head = [visible(`${job.job_id}  ${job.processor}  `), statusPiece(job.status, visible(job.status))];
  const lines = [
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
  return `${renderLine(head, Number.POSITIVE_INFINITY, paint)}\n${lines.map((line) => `${visible(line)}\n`).join("")}`;
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

/**
 * A line for each job: id, processor, status, progress, age, file.
 * @param columns the longest line; the names of files are cut to it. Default: as long as they are.
 */
export function describeJobs(
  jobs: readonly Job[],
  { paint = plain, columns = Number.POSITIVE_INFINITY }: TableOptions = {},
): string {
  const rows = jobs.map((job) =>
    [
      job.job_id,
      job.processor,
      job.status,
      `${job.progress.toFixed(0)} %`,
      job.created_at,
      job.input.filename,
    ].map(visible),
  );
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const line = (row: readonly string[]): string => {
    const pieces = row.map((cell, column): Piece => {
      const text = column === row.length - 1 ? cell : `${padToWidth(cell, widths[column] ?? 0)}  `;
      return column === STATUS_COLUMN ? statusPiece(cell, text) : text;
    });
    return `${renderLine(pieces, columns, paint)}\n`;
  };
  return rows.map(line).join("");
}

export interface TableOptions {
  readonly paint?: Paint;
  readonly columns?: number;
}

const STATUS_COLUMN = 2;

/** As `12 B`, `3.4 kB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** As `0:07`, `12:34`, `1:02:03`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** The path as a person types it from the working folder: relative when it is below, else absolute. */
export function shortPath(path: string): string {
  const short = relative("", path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
