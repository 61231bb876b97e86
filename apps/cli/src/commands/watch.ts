import { type Job, UnreachableError } from "@drover/client";
import { EXIT, interruptible } from "../exit.js";
import { prepareOutput, save } from "../save.js";
import { createProgress, describeJob } from "../show.js";
import { type Context, print } from "./context.js";

export interface FinishOptions {
  /** Where the results go; nothing is downloaded without it. */
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * Shows a job's progress until it is terminal, and downloads its result when asked to. A command that is
 * ended, or loses the server, says how to go on: the job does not need it.
 * @returns 0 when it completed, else 1.
 */
export async function finish(context: Context, jobId: string, options: FinishOptions): Promise<number> {
  if (options.output !== undefined) await prepareOutput(options.output);
  const howToGoOn = `Job ${jobId} goes on without this command. To see how it ends: ${again(jobId, options)}`;
  try {
    return await interruptible(howToGoOn, (signal) => watch(context, jobId, options, signal));
  } catch (error) {
    if (error instanceof UnreachableError) context.remarks.write(`${howToGoOn}\n`);
    throw error;
  }
}

function again(jobId: string, { output, json }: FinishOptions): string {
  const words = ["drover watch", jobId, ...(output === undefined ? [] : ["--output", output])];
  return [...words, ...(json === true ? ["--json"] : [])].join(" ");
}

async function watch(
  context: Context,
  jobId: string,
  options: FinishOptions,
  signal: AbortSignal,
): Promise<number> {
  const job = await terminalJob(context, jobId, signal);
  print(context, options, job, describeJob(job));
  if (job.status !== "completed") return EXIT.failed;
  if (options.output !== undefined) {
    const path = await save({ client: context.client, jobId, output: options.output, signal });
    context.remarks.write(`Saved ${path}\n`);
  }
  return EXIT.ok;
}

function terminalJob({ client, remarks }: Context, jobId: string, signal: AbortSignal): Promise<Job> {
  const progress = createProgress(remarks);
  return client
    .wait(jobId, { onUpdate: (reading) => progress.update(reading), signal })
    .finally(() => progress.end());
}
