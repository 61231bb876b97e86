import { type Client, createClient, type Job } from "@drover/client";
import { streamingFetch } from "@drover/client/node";
import type { Config } from "../cli-config.js";
import { UsageError } from "../exit.js";
import { describeJobs } from "../show.js";
import { type Paint, painterOf } from "../terminal/paint.js";

/** What a command needs of the world. */
export interface Context {
  readonly client: Client;
  /** For results; programs read it. */
  readonly out: NodeJS.WriteStream;
  /** For progress and remarks. */
  readonly remarks: NodeJS.WriteStream;
  /** Colours what goes to `out` and to `remarks`. */
  readonly paint: { readonly out: Paint; readonly remarks: Paint };
}

/**
 * @param hasColours false with `--no-color`.
 * @throws `UsageError` when DROVER_URL is no address.
 */
export function createContext(config: Config, hasColours = true): Context {
  const out = process.stdout;
  const remarks = process.stderr;
  const paint = { out: painterOf(out, hasColours), remarks: painterOf(remarks, hasColours) };
  return { client: clientOf(config), out, remarks, paint };
}

function clientOf({ serverUrl, apiKey }: Config): Client {
  try {
    const key = apiKey === undefined ? {} : { apiKey };
    return createClient({ baseUrl: serverUrl, fetch: streamingFetch, ...key });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`DROVER_URL: ${error.message}`) : error;
  }
}

/** Prints a value as JSON for programs, or as text for people. */
export function print(
  context: Context,
  options: { readonly json?: boolean },
  value: unknown,
  text: string,
): void {
  context.out.write(options.json === true ? `${JSON.stringify(value)}\n` : text);
}

/** Jobs as a table for `out`, no wider than a terminal is. */
export function tableOf({ out, paint }: Context, jobs: readonly Job[]): string {
  return describeJobs(jobs, { paint: paint.out, ...(out.isTTY ? { columns: out.columns } : {}) });
}
