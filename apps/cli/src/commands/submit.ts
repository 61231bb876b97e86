import { randomUUID } from "node:crypto";
import { fileAt } from "@drover/client/node";
import { EXIT, UsageError } from "../exit.js";
import { prepareOutput } from "../save.js";
import { describeJob } from "../show.js";
import { type Context, print } from "./context.js";
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
  const job = await context.client.submit(options.processor, file, {
    ...(options.param === undefined ? {} : { params: pairsOf(options.param, "--param", paramValue) }),
    ...(options.tag === undefined ? {} : { tags: pairsOf(options.tag, "--tag", (text) => text) }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    idempotencyKey: options.key ?? randomUUID(),
  });
  if (options.watch === true || options.output !== undefined) {
    context.remarks.write(`Job ${job.job_id}\n`);
    return finish(context, job.job_id, options);
  }
  print(context, options, job, describeJob(job));
  return EXIT.ok;
}

/**
 * `["a=1", "b=x"]` as an object.
 * @throws `UsageError` for one without "=" or without a name.
 */
function pairsOf<T>(pairs: readonly string[], option: string, parse: (text: string) => T): Record<string, T> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`${option} is name=value; got "${pair}".`);
      return [pair.slice(0, at), parse(pair.slice(at + 1))];
    }),
  );
}

/** JSON where it is JSON, else the text itself: `3` is a number, `"3"` and `three` are text. */
function paramValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
