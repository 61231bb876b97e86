import { resolve } from "node:path";

/** What the command line reads of the environment. The servers that it starts read the rest themselves. */
export interface Config {
  /** Address of the server that commands talk to, `DROVER_URL`. Default http://127.0.0.1:8000. */
  readonly serverUrl: string;
  /** `DROVER_API_KEY`, for a server that asks for one. */
  readonly apiKey: string | undefined;
  /** `REDIS_URL`; `undefined` for a private Redis. */
  readonly redisUrl: string | undefined;
  /** `HOST` and `PORT` of the api that `up` starts; the port as it was written, since only `up` minds. */
  readonly host: string;
  readonly port: string;
  /** `DROVER_DATA_DIR`, absolute. */
  readonly dataDir: string;
  /** `DROVER_STORAGE`; `undefined` for the data folder. */
  readonly storage: string | undefined;
  /** `DROVER_PROCESSORS`; `undefined` for the built-in ones. */
  readonly processors: string | undefined;
  /** `DROVER_IMPORT`; `undefined` for none. */
  readonly importFolder: string | undefined;
  /** `LOG_FORMAT`. Default `pretty`: `up` is read by a person. */
  readonly logFormat: string;
  /** For the servers: this process's environment without what is for the command line only. */
  readonly serverEnvironment: Readonly<Record<string, string | undefined>>;
}

/** Reads `process.env`; the only place that does. An empty variable counts as absent. */
export function readConfig(): Config {
  const { DROVER_URL, DROVER_API_KEY, ...serverEnvironment } = process.env;
  const value = (name: string): string | undefined => serverEnvironment[name]?.trim() || undefined;
  return {
    serverUrl: DROVER_URL?.trim() || "http://127.0.0.1:8000",
    apiKey: DROVER_API_KEY?.trim() || undefined,
    redisUrl: value("REDIS_URL"),
    host: value("HOST") ?? "127.0.0.1",
    port: value("PORT") ?? "8000",
    dataDir: resolve(value("DROVER_DATA_DIR") ?? ".drover"),
    storage: value("DROVER_STORAGE"),
    processors: value("DROVER_PROCESSORS"),
    importFolder: value("DROVER_IMPORT"),
    logFormat: value("LOG_FORMAT") ?? "pretty",
    serverEnvironment,
  };
}
