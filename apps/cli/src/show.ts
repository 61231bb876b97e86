import { isAbsolute, relative } from "node:path";
import type { Job } from "@drover/client";

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

/** Control characters, what ends a line, and what turns the direction of writing: a terminal would obey them. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A line whose parts others wrote, file names and a processor's messages, as it may be shown on a terminal. */
export function visible(line: string): string {
  return line.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
