import { type Job, ProblemError, UnreachableError } from "@drover/client";
import { EXIT, explain, interruptible, UsageError } from "../exit.js";
import { createProgress, type ProgressView } from "../progress-view.js";
import { prepareOutput, save } from "../save.js";
import { describeJob, visible } from "../show.js";
import { type Context, print, tableOf } from "./context.js";
import { type WatchListOptions, watchList } from "./watch-list.js";

export interface FinishOptions {
  /** Where the results go; nothing is downloaded without it. */
  readonly output?: string;
  readonly json?: boolean;
}

/** Jobs that are watched at once, each on a connection of its own. */
const MOST_JOBS = 50;

/**
 * `drover watch`: one job to its end, several to the end of all, or, without ids, what happens to all jobs.
 * @returns 0 when all completed, else 1; without ids it ends by Ctrl-C only.
 */
export async function watch(
  context: Context,
  jobIds: readonly string[],
  options: FinishOptions & WatchListOptions,
): Promise<number> {
  const ids = [...new Set(jobIds)];
  const [first] = ids;
  const isChoosing = options.processor !== undefined || options.tag !== undefined;
  if (first !== undefined && isChoosing)
    throw new UsageError("Name jobs, or choose them by --processor and --tag; not both.");
  if (options.output !== undefined && ids.length !== 1)
    throw new UsageError("--output takes the results of one job; name that one.");
  if (ids.length > MOST_JOBS)
    throw new UsageError(
      `At most ${MOST_JOBS} jobs can be watched by their ids; --processor and --tag take any number.`,
    );
  if (first === undefined) return watchList(context, options);
  return ids.length === 1 ? finish(context, first, options) : watchSeveral(context, ids, options);
}

/**
 * Shows a job's progress until it is terminal, and downloads its result when asked to. A command that is
 * ended, or loses the server, says how to go on: the job does not need it.
 * @returns 0 when it completed, else 1.
 */
export async function finish(context: Context, jobId: string, options: FinishOptions): Promise<number> {
  if (options.output !== undefined) await prepareOutput(options.output);
  const howToGoOn = `Job ${jobId} goes on without this command. To see how it ends: ${again([jobId], options)}`;
  return tellingHowToGoOn(context, howToGoOn, async (signal) => {
    const progress = createProgress(context.remarks, { paint: context.paint.remarks });
    const job = await terminalJob(context, jobId, { progress, signal }).finally(() => progress.end());
    print(context, options, job, describeJob(job, context.paint.out));
    if (job.status !== "completed") return EXIT.failed;
    if (options.output !== undefined) {
      const path = await save({ client: context.client, jobId, output: options.output, signal });
      context.remarks.write(`Saved ${path}\n`);
    }
    return EXIT.ok;
  });
}

/** Follows several jobs, and tells how each ended: as a table, or each as a line of JSON when it ends. */
function watchSeveral(context: Context, ids: readonly string[], options: FinishOptions): Promise<number> {
  const howToGoOn = `The jobs go on without this command. To see how they end: ${again(ids, options)}`;
  return tellingHowToGoOn(context, howToGoOn, async (signal) => {
    const progress = createProgress(context.remarks, { paint: context.paint.remarks, ids });
    const refusals: string[] = [];
    const follow = async (jobId: string): Promise<Job | undefined> => {
      try {
        const job = await terminalJob(context, jobId, { progress, signal });
        if (options.json === true) context.out.write(`${JSON.stringify(job)}\n`);
        return job;
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        progress.forget(jobId);
        refusals.push(explain(error).text);
        return undefined;
      }
    };
    const found = await Promise.all(ids.map(follow)).finally(() => progress.end());
    const jobs = found.filter((job) => job !== undefined);
    if (options.json !== true) context.out.write(tableOf(context, jobs));
    for (const refusal of refusals) context.remarks.write(`drover: ${visible(refusal)}\n`);
    const isDone = jobs.length === ids.length && jobs.every(({ status }) => status === "completed");
    return isDone ? EXIT.ok : EXIT.failed;
  });
}

async function tellingHowToGoOn(
  { remarks }: Context,
  howToGoOn: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  try {
    return await interruptible(howToGoOn, work);
  } catch (error) {
    if (error instanceof UnreachableError) remarks.write(`${howToGoOn}\n`);
    throw error;
  }
}

function again(jobIds: readonly string[], { output, json }: FinishOptions): string {
  const words = ["drover watch", ...jobIds, ...(output === undefined ? [] : ["--output", output])];
  return [...words, ...(json === true ? ["--json"] : [])].join(" ");
}

function terminalJob(
  { client }: Context,
  jobId: string,
  { progress, signal }: { readonly progress: ProgressView; readonly signal: AbortSignal },
): Promise<Job> {
  return client.wait(jobId, { onUpdate: (reading) => progress.update(reading), signal });
}
