import { createInterface } from "node:readline/promises";
import { type Job, ProblemError } from "@drover/client";
import type { JobStatus } from "@drover/contract";
import { EXIT, interruptible, UsageError } from "../exit.js";
import { runBatch } from "./batch.js";
import { type Context, print, tableOf } from "./context.js";
import { ageMs, type FilterOptions, filterOf, jobsOf } from "./filter.js";

export interface DeleteOptions extends Pick<FilterOptions, "processor" | "tag"> {
  /** An age by the time a job was created, as `7d`: all jobs that match and are older. */
  readonly olderThan?: string;
  /** Which of them; all that are finished when it is not said. */
  readonly status?: JobStatus;
  readonly dryRun?: boolean;
  /** Do not ask. */
  readonly yes?: boolean;
  readonly json?: boolean;
}

const FINISHED: readonly JobStatus[] = ["completed", "failed", "cancelled"];

/**
 * `drover delete`: nothing of the jobs is left. All that match are found before the first one is deleted, and
 * each is looked at again: one that was retried meanwhile stays.
 */
export async function remove(
  context: Context,
  jobIds: readonly string[],
  options: DeleteOptions,
): Promise<number> {
  const [first, ...others] = jobIds;
  assertOneWay(first, options);
  if (first !== undefined && others.length === 0) {
    await context.client.remove(first);
    return EXIT.ok;
  }
  if (first !== undefined)
    return runBatch(context, options, {
      done: "Deleted",
      ids: jobIds,
      act: async (jobId, signal) => {
        await context.client.remove(jobId, { signal });
        return undefined;
      },
    });
  const statuses = options.status === undefined ? FINISHED : [options.status];
  const jobs = await matching(context, statuses, options);
  if (options.dryRun === true) {
    const text = jobs.length === 0 ? "No job would be deleted.\n" : `Would delete ${jobs.length}:\n`;
    print(context, options, jobs, text + tableOf(context, jobs));
    return EXIT.ok;
  }
  if (jobs.length > 0 && options.yes !== true && !(await isAgreed(context, jobs, options))) {
    context.remarks.write("Nothing was deleted.\n");
    return EXIT.failed;
  }
  return runBatch(context, options, {
    done: "Deleted",
    ids: jobs.map(({ job_id }) => job_id),
    act: (jobId, signal) => removeIfStill(context, jobId, { statuses, signal }),
  });
}

function assertOneWay(first: string | undefined, options: DeleteOptions): void {
  const { olderThan, status, processor, tag, dryRun } = options;
  const isChoosing = [status, processor, tag, dryRun].some((option) => option !== undefined);
  if (first === undefined && olderThan === undefined)
    throw new UsageError("Name the jobs to delete, or say how old they are: --older-than 7d.");
  if (first !== undefined && (olderThan !== undefined || isChoosing))
    throw new UsageError("Name jobs, or choose them with --older-than and its filters; not both.");
}

/** The list's cursor stays right while jobs come and go, and nothing is deleted before it is at its end. */
async function matching(
  context: Context,
  statuses: readonly JobStatus[],
  options: DeleteOptions,
): Promise<readonly Job[]> {
  const olderThan = options.olderThan ?? "";
  const before = Date.now() - ageMs(olderThan, "--older-than");
  const filter = filterOf(options);
  return interruptible("Nothing was deleted.", async (signal) => {
    const jobs: Job[] = [];
    for await (const job of jobsOf(context, statuses, { filter, signal }))
      if (Date.parse(job.created_at) < before) jobs.push(job);
    return jobs;
  });
}

/** @throws `UsageError` where there is nobody to ask. */
async function isAgreed(
  { remarks }: Context,
  jobs: readonly Job[],
  { olderThan }: DeleteOptions,
): Promise<boolean> {
  const what = `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"} older than ${olderThan}, with files and results`;
  if (!process.stdin.isTTY || !remarks.isTTY)
    throw new UsageError(`This deletes ${what}. Say --yes to do it, or --dry-run to see them.`);
  const terminal = createInterface({ input: process.stdin, output: remarks });
  try {
    const answer = await interruptible("Nothing was deleted.", (signal) => {
      const asked = new AbortController();
      terminal.once("SIGINT", () => process.emit("SIGINT")); // the terminal is raw while it is asked
      terminal.once("close", () => asked.abort()); // the end of the input is no
      const either = AbortSignal.any([signal, asked.signal]);
      return terminal.question(`Delete ${what}? [y/N] `, { signal: either }).catch((error: unknown) => {
        signal.throwIfAborted();
        if (asked.signal.aborted) return "";
        throw error;
      });
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Returns why the job stays; one that is gone already is deleted. */
async function removeIfStill(
  { client }: Context,
  jobId: string,
  { statuses, signal }: { readonly statuses: readonly JobStatus[]; readonly signal: AbortSignal },
): Promise<string | undefined> {
  try {
    const { status } = await client.get(jobId, { signal });
    if (!statuses.some((wanted) => wanted === status)) return `It is ${status} by now, and stays.`;
    await client.remove(jobId, { signal });
  } catch (error) {
    const isGone = error instanceof ProblemError && ["job_not_found", "job_expired"].includes(error.code);
    if (!isGone) throw error;
  }
  return undefined;
}
