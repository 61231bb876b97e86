import { EXIT } from "../exit.js";
import { save } from "../save.js";
import { describeJob, visible } from "../show.js";
import { type Context, print } from "./context.js";

interface JsonOption {
  readonly json?: boolean;
}

/** `drover status`: 0 whatever the status is, 1 when it is failed or cancelled. */
export async function status(context: Context, jobId: string, options: JsonOption): Promise<number> {
  const job = await context.client.get(jobId);
  print(context, options, job, describeJob(job, context.paint.out));
  return job.status === "failed" || job.status === "cancelled" ? EXIT.failed : EXIT.ok;
}

export interface DownloadOptions {
  readonly artifact?: string;
  readonly output?: string;
}

/** `drover download`: prints the path of the file. */
export async function download(context: Context, jobId: string, options: DownloadOptions): Promise<number> {
  const path = await save({ client: context.client, jobId, ...options });
  context.out.write(`${path}\n`);
  return EXIT.ok;
}

/** `drover cancel`. */
export async function cancel(context: Context, jobId: string, options: JsonOption): Promise<number> {
  const answer = await context.client.cancel(jobId);
  print(context, options, answer, `${answer.status}\n`);
  return EXIT.ok;
}

/** `drover logs`: what the processor logged. */
export async function logs(context: Context, jobId: string, options: JsonOption): Promise<number> {
  const answer = await context.client.logs(jobId);
  const lines = answer.logs.map((line) => `${line.at} [${line.attempt}] ${line.level}: ${line.message}`);
  print(context, options, answer, lines.map((line) => `${visible(line)}\n`).join(""));
  return EXIT.ok;
}

/** `drover processors`: the catalogue. */
export async function processors(context: Context, options: JsonOption): Promise<number> {
  const catalogue = await context.client.processors();
  const lines = catalogue.map(
    ({ name, version, description, workers, is_paused }) =>
      `${name} ${version} (${workers} workers${is_paused ? ", paused" : ""}): ${description}`,
  );
  print(context, options, catalogue, lines.map((line) => `${visible(line)}\n`).join(""));
  return EXIT.ok;
}
