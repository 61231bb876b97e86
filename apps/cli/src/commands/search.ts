import type { Job } from "@drover/client";
import type { JobStatus } from "@drover/contract";
import { EXIT } from "../exit.js";
import { type Context, print, tableOf } from "./context.js";
import { type FilterOptions, filterOf } from "./filter.js";

export interface SearchOptions extends FilterOptions {
  readonly status?: JobStatus;
  /** Jobs at most; pages are read until there are as many. */
  readonly limit: number;
  readonly json?: boolean;
}

const LONGEST_PAGE = 200;

/** `drover search`, or `drover list`: the newest jobs that match. */
export async function search(
  context: Context,
  text: string | undefined,
  options: SearchOptions,
): Promise<number> {
  const filter = {
    ...filterOf(options),
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(text === undefined ? {} : { q: text }),
    limit: Math.min(LONGEST_PAGE, options.limit + 1), // one more says whether there are more
  };
  const jobs: Job[] = [];
  let hasMore = false;
  for await (const job of context.client.listAll(filter)) {
    hasMore = jobs.length === options.limit;
    if (hasMore) break;
    jobs.push(job);
  }
  print(context, options, jobs, jobs.length === 0 ? "No jobs.\n" : tableOf(context, jobs));
  if (hasMore && options.json !== true)
    context.remarks.write(`These are the newest ${options.limit}; --limit shows more.\n`);
  return EXIT.ok;
}
