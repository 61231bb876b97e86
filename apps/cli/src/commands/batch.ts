import { ProblemError } from "@drover/client";
import { EXIT, interruptible } from "../exit.js";
import { visible } from "../show.js";
import { LiveBlock } from "../terminal/live-block.js";
import { type Context, print } from "./context.js";

/** One kind of work on many jobs. */
export interface Batch {
  /** As "Retried", for the summary, and as a member of the JSON in lower case. */
  readonly done: string;
  readonly ids: readonly string[];
  /**
   * Does it to one job, or returns why it left it. A `ProblemError` counts as a refusal, any other error ends
   * all.
   */
  act(jobId: string, signal: AbortSignal): Promise<string | undefined>;
}

interface Refusal {
  readonly job_id: string;
  readonly code: string;
  readonly message: string;
}

const CONCURRENCY = 8;
const LISTED_REFUSALS = 50;

/**
 * Works on each job, eight at a time, and tells at the end how many it was and which were refused and why.
 * @returns 0 when none was refused, else 1.
 * @throws `InterruptedError` by Ctrl-C: what was begun is ended first, and what was done is told.
 */
export async function runBatch(
  context: Context,
  options: { readonly json?: boolean },
  batch: Batch,
): Promise<number> {
  const done: string[] = [];
  const refused: Refusal[] = [];
  const block = context.remarks.isTTY ? new LiveBlock(context.remarks, context.paint.remarks) : undefined;
  const left = batch.ids.values();
  const work = async (stop: AbortSignal): Promise<void> => {
    for (const jobId of left) {
      stop.throwIfAborted();
      block?.draw(() => [[`${batch.done} ${done.length} of ${batch.ids.length}, ${refused.length} refused`]]);
      try {
        const message = await batch.act(jobId, stop);
        if (message === undefined) done.push(jobId);
        else refused.push({ job_id: jobId, code: "skipped", message });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        refused.push({ job_id: jobId, code: error.code, message: error.message });
      }
    }
  };
  try {
    await interruptible("Stopped. The jobs that are left are as they were.", async (stop) => {
      const all = await Promise.allSettled(Array.from({ length: CONCURRENCY }, () => work(stop)));
      for (const each of all) if (each.status === "rejected") throw each.reason;
    });
  } finally {
    block?.clear();
    const text = summaryOf(batch.done, done.length, refused);
    print(context, options, { [batch.done.toLowerCase()]: done, refused }, text);
  }
  return refused.length === 0 ? EXIT.ok : EXIT.failed;
}

function summaryOf(done: string, count: number, refused: readonly Refusal[]): string {
  const jobs = (n: number) => `${n} ${n === 1 ? "job" : "jobs"}`;
  if (refused.length === 0) return `${done} ${jobs(count)}.\n`;
  const rows = refused
    .slice(0, LISTED_REFUSALS)
    .map(({ job_id, code, message }) => `${visible(`  ${job_id}  ${message} (${code})`)}\n`);
  const rest = refused.length - rows.length;
  const more = rest > 0 ? `  and ${rest} more\n` : "";
  return `${done} ${jobs(count)}; ${refused.length} refused:\n${rows.join("")}${more}`;
}
