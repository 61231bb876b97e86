import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../cli-config.js";
import { shortPath } from "../show.js";
import { onStopSignal, type System, startSystem } from "./services.js";
import { portOf, withOwnProcessors } from "./up-settings.js";

export interface UpOptions {
  readonly workers: number;
  /** Modules with processors of the user's own. */
  readonly processor?: readonly string[];
}

/** Silence after which a start is said to wait for something. */
const PATIENCE_MS = 10_000;

/**
 * `drover up`: a private Redis (unless REDIS_URL is set), one api and some workers, until a signal comes.
 * Exits with 0 after a stop in order, with the signal's code when it came before everything was up or came
 * twice.
 */
export async function up(config: Config, { workers, processor = [] }: UpOptions): Promise<void> {
  const port = portOf(config.port);
  const processors = withOwnProcessors(config.processors, processor);
  const say = (line: string): void => void process.stdout.write(`drover: ${line}\n`);
  let system: System | undefined;
  let isStopping = false;
  onStopSignal((exitCode) => {
    // What was started stops when this process is gone.
    if (system === undefined || isStopping) process.exit(exitCode);
    isStopping = true;
    say("stopping; running attempts may end first (again to stop at once)");
    system.stop().then(() => process.exit(0));
  });
  const reminder = setTimeout(
    () => say("still waiting for the api and the workers to be ready"),
    PATIENCE_MS,
  );
  try {
    system = await startSystem({
      host: config.host,
      port,
      dataDir: config.dataDir,
      redisUrl: config.redisUrl,
      workers,
      importFolder: config.importFolder,
      environment: {
        ...config.serverEnvironment,
        LOG_FORMAT: config.logFormat,
        DROVER_PROCESSORS: processors,
      },
      onLine: linePrinter(config.logFormat, workers),
      say,
    });
  } finally {
    clearTimeout(reminder);
  }
  process.stdout.write(greeting(system, config, await needsKey(system)));
}

/** Lines of JSON are left whole, for the programs that read them; others get the server's name in front. */
function linePrinter(logFormat: string, workers: number): (source: string, line: string) => void {
  const width = workers === 1 ? "worker".length : `worker ${workers}`.length;
  return (source, line) => {
    const prefix = logFormat === "json" ? "" : `${source.padEnd(width)} │ `;
    process.stdout.write(`${prefix}${line}\n`);
  };
}

/** Whether this server asks for a key, as a request without one finds it. */
async function needsKey({ url }: System): Promise<boolean> {
  const response = await fetch(`${url}/api/processors`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 401;
}

function greeting(system: System, config: Config, isKeyNeeded: boolean): string {
  const keys = isKeyNeeded
    ? "needed: DROVER_API_KEY for drover, Authorization: Bearer or X-API-Key for others"
    : "none: nobody on this machine needs one; drover keys create --scopes submit,read,admin makes the first";
  const header = isKeyNeeded ? '-H "X-API-Key: $DROVER_API_KEY" ' : "";
  const redis =
    config.redisUrl === undefined
      ? `private, data in ${shortPath(join(config.dataDir, "redis"))}`
      : "REDIS_URL";
  const processes = Object.entries({ drover: process.pid, ...system.pids }).map(
    ([name, pid]) => `${name} ${pid}`,
  );
  return `
Drover is up.
  Pages    ${system.url}/
  API      ${system.url}
  Docs     ${system.url}/docs
  Queues   ${system.url}/admin/queues
  Metrics  ${system.url}/metrics
  Redis    ${redis}
  Keys     ${keys}
  Pids     ${processes.join(", ")}
Send a file:
  curl ${header}-F file=@${shortPath(SAMPLE)} ${system.url}/api/processors/moodle-log/jobs
Ctrl-C stops everything.

`;
}

/** Path of the Moodle log that comes with Drover. */
export const SAMPLE = fileURLToPath(
  import.meta.resolve("@drover/processor-moodle-log/sample/moodle-log.csv"),
);
