import type { Job } from "@drover/client";
import type { JobStatus } from "@drover/contract";
import { EXIT, interruptible, UsageError } from "../exit.js";
import { describeJob } from "../show.js";
import { runBatch } from "./batch.js";
import { type Context, print, tableOf } from "./context.js";
import { type FilterOptions, filterOf, jobsOf } from "./filter.js";

export interface RetryOptions extends FilterOptions {
  /** Every job that matches, in place of jobs by their ids. */
  readonly all?: boolean;
  /** Which of them; failed ones when neither is said. */
  readonly failed?: boolean;
  readonly cancelled?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `drover retry`: jobs are queued again. */
export async function retry(
  context: Context,
  jobIds: readonly string[],
  options: RetryOptions,
): Promise<number> {
  const [first, ...others] = jobIds;
  assertOneWay(first, options);
  if (first !== undefined && others.length === 0) {
    const job = await context.client.retry(first);
    print(context, options, job, describeJob(job, context.paint.out));
    return EXIT.ok;
  }
  const jobs = first === undefined ? await matching(context, options) : [];
  if (options.dryRun === true) {
    const text = jobs.length === 0 ? "No job would be retried.\n" : `Would retry ${jobs.length}:\n`;
    print(context, options, jobs, text + tableOf(context, jobs));
    return EXIT.ok;
  }
  return runBatch(context, options, {
    done: "Retried",
    ids: first === undefined ? jobs.map(({ job_id }) => job_id) : jobIds,
    act: async (jobId, signal) => {
      await context.client.retry(jobId, { signal });
      return undefined;
    },
  });
}

function assertOneWay(first: string | undefined, options: RetryOptions): void {
  const { processor, tag, createdAfter, failed, cancelled, dryRun } = options;
  const isChoosing = [processor, tag, createdAfter, failed, cancelled, dryRun].some(
    (option) => option !== undefined,
  );
  if (options.all === true && first !== undefined) throw new UsageError("Name jobs, or say --all; not both.");
  if (options.all !== true && first === undefined)
    throw new UsageError("Name the jobs to retry, or say --all --failed.");
  if (options.all !== true && isChoosing)
    throw new UsageError(
      "--failed, --cancelled, --processor, --tag, --created-after and --dry-run go with --all.",
    );
}

function matching(context: Context, options: RetryOptions): Promise<readonly Job[]> {
  const statuses: JobStatus[] = options.cancelled === true ? ["cancelled"] : [];
  if (options.failed === true || statuses.length === 0) statuses.unshift("failed");
  const filter = filterOf(options);
  return interruptible("Nothing was retried.", async (signal) => {
    const jobs: Job[] = [];
    for await (const job of jobsOf(context, statuses, { filter, signal })) jobs.push(job);
    return jobs;
  });
}
