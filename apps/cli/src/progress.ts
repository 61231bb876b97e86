import type { Job } from "@drover/client";
import { visible } from "./show.js";

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
