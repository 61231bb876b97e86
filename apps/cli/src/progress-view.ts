import type { Job } from "@drover/client";
import { formatElapsed, visible } from "./show.js";
import { LiveBlock } from "./terminal/live-block.js";
import { type Paint, type Piece, plain, renderLine, statusPiece, toneOf } from "./terminal/paint.js";

/** What is shown of a job while it runs. `max_attempts` is 0 where it is not known. */
export type ShownJob = Pick<
  Job,
  | ("job_id" | "processor" | "status" | "progress" | "stage" | "message" | "attempt" | "max_attempts")
  | ("waiting" | "started_at" | "completed_at" | "error")
>;

/** Shows how far jobs are, each time it is called with a newer reading of one of them. */
export interface ProgressView {
  update(job: ShownJob): void;
  /** Shows the job no longer. */
  forget(jobId: string): void;
  /** Leaves the terminal on a line of its own. */
  end(): void;
}

export interface ProgressOptions {
  /** Default: no colours. */
  readonly paint?: Paint;
  /** The jobs, when there are several: each line begins with its id. */
  readonly ids?: readonly string[];
  /** Any number of jobs: each line begins with id and processor, and what ended goes above the live ones. */
  readonly isList?: boolean;
  /** ms since the epoch. */
  readonly now?: () => number;
}

/**
 * A line for each job that is drawn over and over, on a terminal; elsewhere a line when a status or a stage
 * changes and at every 10 percent.
 */
export function createProgress(out: NodeJS.WriteStream, options: ProgressOptions = {}): ProgressView {
  return out.isTTY ? live(out, options) : lines(out, options);
}

/** A status that this version does not know is terminal when the job has a time of completion. */
export function isTerminal({ status, completed_at }: ShownJob): boolean {
  return completed_at !== null || ["completed", "failed", "cancelled"].includes(status);
}

const BAR_WIDTH = 24;
/** Where an id stands before it. */
const SHORT_BAR_WIDTH = 10;
const TICK_MS = 1_000;

function live(out: NodeJS.WriteStream, options: ProgressOptions): ProgressView {
  const { paint = plain, ids = [], isList = false, now = Date.now } = options;
  const block = new LiveBlock(out, paint);
  const jobs = new Map<string, ShownJob | undefined>(ids.map((id) => [id, undefined]));
  const width = isList || ids.length > 0 ? SHORT_BAR_WIDTH : BAR_WIDTH;
  const row = (job: ShownJob) => [...labelOf(job, options), ...barOf(job, now(), width)];
  const rows = () => {
    const all = [...jobs].map(([id, job]): readonly Piece[] => (job === undefined ? [`${id}  …`] : row(job)));
    return isList ? [[["faint", countOf(jobs)]] as const, ...all] : all;
  };
  const tick = setInterval(() => block.draw(rows), TICK_MS).unref(); // the time runs on
  if (isList) block.draw(rows);
  return {
    update(job) {
      if (isList && isTerminal(job)) {
        jobs.delete(job.job_id);
        block.print(row(job));
      } else jobs.set(job.job_id, job);
      if (jobs.size > 0) block.draw(rows);
    },
    forget: (jobId) => void jobs.delete(jobId),
    end() {
      clearInterval(tick);
      block.end();
    },
  };
}

function countOf(jobs: ReadonlyMap<string, ShownJob | undefined>): string {
  const running = [...jobs.values()].filter((job) => job?.status === "running").length;
  return `${running} running, ${jobs.size - running} waiting. Ctrl-C ends the watch, not the jobs.`;
}

function labelOf(job: ShownJob, { ids, isList }: ProgressOptions): readonly Piece[] {
  if (isList === true) return [visible(`${job.job_id}  ${job.processor}  `)];
  return ids === undefined ? [] : [`${job.job_id}  `];
}

/** A job as a bar, its percent, how long it runs, and what it does. */
export function barOf(job: ShownJob, nowMs: number, width = BAR_WIDTH): readonly Piece[] {
  const filled = Math.round((width * job.progress) / 100);
  const tone = toneOf(job.status) ?? "faint";
  return [
    [tone, "█".repeat(filled)],
    ["faint", "░".repeat(width - filled)],
    ` ${percentOf(job)}${elapsedOf(job, nowMs)}  `,
    ...stateOf(job),
  ];
}

function percentOf(job: ShownJob): string {
  return `${job.progress.toFixed(1).padStart(5)} %`;
}

/** By the clocks of server and terminal, of which one may be a little off. */
function elapsedOf(job: ShownJob, nowMs: number): string {
  if (job.started_at === null) return "";
  const endMs = job.completed_at === null ? nowMs : Date.parse(job.completed_at);
  return `  ${formatElapsed(Math.max(0, endMs - Date.parse(job.started_at)))}`;
}

const STEP_PERCENT = 10;
/** Lines about stages and percents: so many at once, then one a second. */
const BURST = 20;
const REFILL_MS = 1_000;

function lines(out: NodeJS.WriteStream, options: ProgressOptions): ProgressView {
  const { paint = plain, isList = false, now = Date.now } = options;
  const told = new Map<string, ShownJob>();
  let [room, filledAt] = [BURST, now()];
  const hasRoom = (): boolean => {
    const gained = Math.floor((now() - filledAt) / REFILL_MS);
    room = Math.min(BURST, room + gained);
    filledAt += gained * REFILL_MS;
    return room >= 1;
  };
  return {
    update(job) {
      const last = told.get(job.job_id);
      const isTurn = last?.status !== job.status || last.attempt !== job.attempt;
      const isNews = last?.stage !== job.stage || stepOf(last) !== stepOf(job);
      if (!isTurn && !(isNews && hasRoom())) return;
      if (!isTurn) room -= 1;
      told.set(job.job_id, job);
      if (isList && isTerminal(job)) told.delete(job.job_id);
      const pieces = [...labelOf(job, options), `${percentOf(job)}  `, ...stateOf(job)];
      out.write(`${renderLine(pieces, Number.POSITIVE_INFINITY, paint)}\n`);
    },
    forget: (jobId) => void told.delete(jobId),
    end() {},
  };
}

function stepOf(job: ShownJob | undefined): number {
  return job === undefined ? -1 : Math.floor(job.progress / STEP_PERCENT);
}

/** What the job does now, in a few words. */
function stateOf(job: ShownJob): readonly Piece[] {
  if (job.status === "queued" && job.waiting !== null)
    return [visible(`queued: ${WAITING[job.waiting.reason] ?? job.waiting.reason}`)];
  if (job.error !== null) return [statusPiece(job.status), visible(`: ${job.error.message}`)];
  if (job.status !== "running") return [statusPiece(job.status, visible(job.status))];
  const most = job.max_attempts === 0 ? "" : ` of ${job.max_attempts}`;
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt}${most})` : "";
  return [visible(`${job.stage ?? "running"}${attempt}${job.message === null ? "" : `: ${job.message}`}`)];
}

/** A reason that is not here is shown as it came. */
const WAITING: Readonly<Record<string, string>> = {
  worker: "waits for a free worker",
  no_worker_for_processor: "no worker serves this processor now",
  retry_backoff: "waits before the next attempt",
  scheduled: "waits for its time",
  paused: "the processor is paused",
  tenant_limit: "waits for another of your jobs to end: as many run as may",
};
