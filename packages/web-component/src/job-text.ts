import type { Job, RunUpdate } from "@drover/client";

/** How a job is doing, as a short line for whoever waits for it. */
export function textOf(job: Job): string {
  switch (job.status) {
    case "completed":
      return "Done.";
    case "failed":
      return job.error?.message ?? "The job failed.";
    case "cancelled":
      return "Cancelled.";
    case "queued":
      return waitingText(job);
    default:
      return job.message ?? job.stage ?? "Working";
  }
}

function waitingText({ waiting }: Job): string {
  if (waiting?.reason === "retry_backoff") return "Waiting for another attempt";
  const position = waiting?.position ?? null;
  return position === null ? "Waiting" : `Waiting, number ${position} in line`;
}

/** How far all of it is, in percent; `undefined` where nothing tells. */
export function percentOf(update: RunUpdate): number | undefined {
  if (update.kind === "job") return update.job.status === "queued" ? undefined : update.job.progress;
  const { sentBytes, totalBytes } = update;
  return totalBytes === undefined || totalBytes === 0 ? undefined : (100 * sentBytes) / totalBytes;
}

/** A number of bytes for people, in powers of 1,024. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const size = bytes / 1024 ** power;
  return `${power === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[power]}`;
}
