import { type Client, createClient } from "@drover/client";
import { streamingFetch } from "@drover/client/node";
import type { Config } from "../config.js";

/** What a command needs of the world. */
export interface Context {
  readonly client: Client;
  /** For results; programs read it. */
  readonly out: NodeJS.WriteStream;
  /** For progress and remarks. */
  readonly remarks: NodeJS.WriteStream;
}

export function createContext(config: Config): Context {
  const { serverUrl, apiKey } = config;
  const client = createClient({
    baseUrl: serverUrl,
    fetch: streamingFetch,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  return { client, out: process.stdout, remarks: process.stderr };
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
