import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importWords } from "../import.js";
import { spawnWorkerCommand } from "../worker-command.js";
import { commandSocket, listenForCommands } from "./command-socket.js";
import { type KeptRedis, keepRedis } from "./kept-redis.js";
import { Supervised } from "./supervised.js";
import { choosePort, workerPort } from "./up-settings.js";

export interface SystemOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Absolute. Redis gets `redis/` in it, when it is private; files go to `blobs/`. */
  readonly dataDir: string;
  /** An external Redis; `undefined` for a private one. */
  readonly redisUrl: string | undefined;
  /** How many worker processes; 1 or more. */
  readonly workers: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Imported before anything else is started, so that no client is told that a job in it is unknown. */
  readonly importFolder?: string | undefined;
  /** Gets each line of a server, with the server's name. */
  readonly onLine: (source: string, line: string) => void;
  /** Told what happens to the system itself. */
  readonly say: (line: string) => void;
}

/** Redis, one api and some workers, each a process of its own. */
export interface System {
  /** Of the api. */
  readonly url: string;
  readonly redisUrl: string;
  /** By name: `api`, `worker`, or `worker 1`, `worker 2` and so on. */
  readonly pids: Readonly<Record<string, number | undefined>>;
  /**
   * Stops api and workers, which end what they run within their drain deadlines, and Redis last. A second
   * call stops at once.
   */
  stop(): Promise<void>;
}

const API = fileURLToPath(import.meta.resolve("@drover/api"));
const WORKER = fileURLToPath(import.meta.resolve("@drover/worker"));

/**
 * Starts everything, and resolves when the api listens and every worker takes jobs. When something does not
 * start, the rest is stopped and its error thrown.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const port = await choosePort(options.host, options.port);
  const redis = await redisOf(options);
  const environment = {
    ...options.environment,
    REDIS_URL: redis.url,
    DROVER_DATA_DIR: options.dataDir,
    DROVER_IMPORT: undefined,
  };
  await importAtStart({ ...options, environment });
  const servers = serversOf({ ...options, port, environment });
  const endCommands =
    options.redisUrl === undefined ? await takeCommands({ ...options, environment }) : () => {};
  const stop = () => {
    endCommands();
    return stopAll(servers, redis);
  };
  try {
    const [url] = await Promise.all([
      servers.api.start(),
      ...servers.workers.map((worker) => worker.start()),
    ]);
    return { url, redisUrl: redis.url, stop, pids: pidsOf(servers) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function redisOf({ redisUrl, dataDir, say }: SystemOptions): Promise<KeptRedis> {
  if (redisUrl === undefined) return keepRedis(join(dataDir, "redis"), say);
  say("Redis: the one of REDIS_URL.");
  return { url: redisUrl, stop: async () => {} };
}

interface Servers {
  readonly api: Supervised;
  readonly workers: readonly Supervised[];
}

async function importAtStart({ importFolder, environment, say }: SystemOptions): Promise<void> {
  if (importFolder === undefined) return;
  say(`importing the job files in ${importFolder}`);
  const code = await spawnWorkerCommand(importWords(importFolder), environment);
  if (code !== 0) say(`the import ended with exit code ${code}; its last lines say why. Going on without.`);
}

/** Lets commands use the private Redis, which nobody else can reach. */
async function takeCommands({ dataDir, environment, say }: SystemOptions): Promise<() => void> {
  try {
    return await listenForCommands(commandSocket(dataDir), (words, onLine) =>
      spawnWorkerCommand(words, environment, onLine),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`"drover import" cannot reach this process; DROVER_IMPORT and a restart does the same (${reason})`);
    return () => {};
  }
}

function serversOf(options: SystemOptions): Servers {
  const environment = {
    ...options.environment,
    HOST: options.host,
    PORT: String(options.port),
  };
  const server = (
    name: string,
    entry: string,
    readyValue: (message: unknown) => string | undefined,
    own: Readonly<Record<string, string>> = {},
  ) =>
    new Supervised({
      name,
      entry,
      environment: { ...environment, ...own },
      readyValue,
      onLine: (line) => options.onLine(name, line),
      onTrouble: options.say,
    });
  const names = Array.from({ length: options.workers }, (_, index) =>
    options.workers === 1 ? "worker" : `worker ${index + 1}`,
  );
  return {
    api: server("api", API, listeningUrl),
    workers: names.map((name, index) =>
      server(name, WORKER, readiness, workerPort(options.environment["DROVER_WORKER_PORT"], index)),
    ),
  };
}

/** `{ type: "listening", url }` from the api. */
function listeningUrl(message: unknown): string | undefined {
  return isMessage(message, "listening") && "url" in message && typeof message.url === "string"
    ? message.url
    : undefined;
}

/** `{ type: "ready" }` from a worker. */
function readiness(message: unknown): string | undefined {
  return isMessage(message, "ready") ? "ready" : undefined;
}

function isMessage(message: unknown, type: string): message is object {
  return typeof message === "object" && message !== null && "type" in message && message.type === type;
}

function pidsOf({ api, workers }: Servers): Record<string, number | undefined> {
  return Object.fromEntries([api, ...workers].map((server) => [server.name, server.pid]));
}

async function stopAll({ api, workers }: Servers, redis: Pick<KeptRedis, "stop">): Promise<void> {
  await Promise.all([api, ...workers].map((server) => server.stop()));
  await redis.stop();
}

/**
 * Time within which a second signal is the first one again: Ctrl-C in a terminal reaches npm and this
 * process, and npm passes its own on. In ms.
 */
const REPEATED_SIGNAL_MS = 1_000;

/**
 * Listens for what stops `up`: SIGINT, SIGTERM, SIGHUP, a closed output (SIGPIPE), or the loss of the parent
 * that gave this process a channel. Calls `onStop` with the signal's exit code (0 for a lost parent or
 * reader) for the first, and again for each further signal a second or more later.
 */
export function onStopSignal(onStop: (exitCode: number) => void): void {
  let lastAt = Number.NEGATIVE_INFINITY;
  const stop = (exitCode: number): void => {
    const isRepeated = performance.now() - lastAt < REPEATED_SIGNAL_MS;
    lastAt = performance.now();
    if (!isRepeated) onStop(exitCode);
  };
  process.on("SIGINT", () => stop(130));
  process.on("SIGTERM", () => stop(143));
  process.on("SIGHUP", () => stop(129));
  process.on("SIGPIPE", () => stop(0));
  if (process.channel !== undefined) process.on("disconnect", () => stop(0));
}
