import { randomUUID } from "node:crypto";
import { fileAt } from "@drover/client/node";
import { EXIT, interruptible } from "../exit.js";
import { prepareOutput } from "../save.js";
import { describeJob } from "../show.js";
import { createUploadView } from "../upload-view.js";
import { type Context, print } from "./context.js";
import { pairsOf } from "./filter.js";
import { finish } from "./watch.js";

export interface SubmitOptions {
  readonly processor: string;
  readonly param?: readonly string[];
  readonly tag?: readonly string[];
  readonly priority?: number;
  readonly key?: string;
  readonly watch?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * `drover submit`. Each submit has an idempotency key, so that one that meets trouble is repeated and still
 * makes one job.
 */
export async function submitFile(context: Context, path: string, options: SubmitOptions): Promise<number> {
  const file = await fileAt(path);
  if (options.output !== undefined) await prepareOutput(options.output);
  const idempotencyKey = options.key ?? randomUUID();
  const fields = {
    ...(options.param === undefined ? {} : { params: pairsOf(options.param, "--param", paramValue) }),
    ...(options.tag === undefined ? {} : { tags: pairsOf(options.tag, "--tag", (text) => text) }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
  };
  const upload = createUploadView(context.remarks, context.paint.remarks);
  const howToGoOn = `The upload was ended. If all of it had arrived there is a job: --key ${idempotencyKey} finds it.`;
  const job = await interruptible(howToGoOn, (signal) =>
    context.client.submit(options.processor, file, {
      ...fields,
      ...{ idempotencyKey, signal, onUploadProgress: upload.update },
    }),
  ).finally(upload.end);
  if (options.watch === true || options.output !== undefined) {
    context.remarks.write(`Job ${job.job_id}\n`);
    return finish(context, job.job_id, options);
  }
  print(context, options, job, describeJob(job, context.paint.out));
  return EXIT.ok;
}

/** JSON where it is JSON, else the text itself: `3` is a number, `"3"` and `three` are text. */
function paramValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
