import { type Client, createClient } from "@drover/client";
import { streamingFetch } from "@drover/client/node";
import type { Config } from "../cli-config.js";
import { UsageError } from "../exit.js";

/** What a command needs of the world. */
export interface Context {
  readonly client: Client;
  /** For results; programs read it. */
  readonly out: NodeJS.WriteStream;
  /** For progress and remarks. */
  readonly remarks: NodeJS.WriteStream;
}

/** Throws `UsageError` when DROVER_URL is no address. */
export function createContext(config: Config): Context {
  return { client: clientOf(config), out: process.stdout, remarks: process.stderr };
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
