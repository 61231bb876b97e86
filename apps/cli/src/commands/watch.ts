import { EXIT } from "../exit.js";
import { createProgress } from "../progress.js";
import { save } from "../save.js";
import { describeJob } from "../show.js";
import { type Context, print } from "./context.js";

export interface FinishOptions {
  /** Where the primary artifact goes; nothing is downloaded without it. */
  readonly output?: string;
  readonly json?: boolean;
}

/** Shows a job's progress until it is terminal, and downloads its result when asked to. Answers 0 when it completed, else 1. */
export async function finish(context: Context, jobId: string, options: FinishOptions): Promise<number> {
  const progress = createProgress(context.remarks);
  const job = await context.client
    .wait(jobId, { onUpdate: (reading) => progress.update(reading) })
    .finally(() => progress.end());
  print(context, options, job, describeJob(job));
  if (job.status !== "completed") return EXIT.failed;
  if (options.output !== undefined) {
    const path = await save({ client: context.client, jobId, output: options.output });
    context.remarks.write(`Saved ${path}\n`);
  }
  return EXIT.ok;
}
