import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createClient } from "@drover/client";
import { fileAt, streamingFetch } from "@drover/client/node";
import { openPromise } from "yauzl";
import type { Config } from "./cli-config.js";
import { EXIT } from "./exit.js";
import { createProgress } from "./progress-view.js";
import { prepareOutput, save } from "./save.js";
import { formatBytes, shortPath } from "./show.js";
import { onStopSignal, type System, startSystem } from "./up/services.js";
import { SAMPLE } from "./up/up.js";

export interface DemoOptions {
  /** Default: a sample that comes with Drover. */
  readonly file?: string;
  readonly processor: string;
  /** Folder that gets the result files. */
  readonly output: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `drover demo`: the same processes as `up`, on a free port and with data in a temporary folder; one job from
 * submit to its unpacked results; then everything is stopped and the temporary folder removed.
 * @returns the exit code.
 */
export async function demo(config: Config, options: DemoOptions): Promise<number> {
  const file = options.file ?? SAMPLE;
  await fileAt(file); // throws now rather than after everything was started
  await prepareOutput(`${options.output}/`);
  const dataDir = await mkdtemp(join(tmpdir(), "drover-demo-"));
  let system: System | undefined;
  let jobId: string | undefined;
  let isStopping = false;
  onStopSignal((exitCode) => {
    // The servers stop when this process is gone.
    if (system === undefined || isStopping) process.exit(exitCode);
    isStopping = true;
    say(
      `\nStopping. ${jobId === undefined ? "Nothing was sent yet" : `Job ${jobId} ends here`}: ` +
        `${HOW_TO_GO_ON}`,
    );
    const ended = system.stop().then(() => rm(dataDir, { recursive: true, force: true }));
    ended.finally(() => process.exit(exitCode));
  });
  try {
    const startedAt = performance.now();
    system = await startSystem({
      host: "127.0.0.1",
      port: 0,
      dataDir,
      redisUrl: config.redisUrl,
      workers: 1,
      environment: demoEnvironment(config),
      onLine: (source, line) => say(`${source} │ ${line}`),
      say,
    });
    say(`Redis, api and worker are up after ${seconds(startedAt)}: ${system.url}`);
    return await runJob(system.url, { ...options, file }, (id) => {
      jobId = id;
    });
  } finally {
    await system?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

const HOW_TO_GO_ON =
  "the demo keeps nothing. For jobs that stay: drover up (npm start), and in a second terminal drover " +
  "submit <file> --processor <name> --watch";

/**
 * Quiet, with storage and queues of its own: nothing of a real installation is touched, not even on a shared
 * Redis.
 */
function demoEnvironment({ serverEnvironment }: Config): Record<string, string | undefined> {
  return {
    ...serverEnvironment,
    DROVER_STORAGE: undefined,
    DROVER_API_KEYS: undefined, // nobody but the demo itself asks, and it is not limited
    DROVER_ADMIN_KEY: undefined,
    DROVER_OIDC_ISSUER: undefined,
    DROVER_OIDC_AUDIENCE: undefined,
    DROVER_TENANT_REQUESTS: undefined,
    DROVER_TENANT_QUEUED: undefined,
    DROVER_TENANT_RUNNING: undefined,
    DROVER_TENANT_STORED_BYTES: undefined,
    LOG_LEVEL: "warn",
    LOG_FORMAT: "pretty",
    DROVER_DRAIN_TIMEOUT: "0", // nobody waits for what is thrown away
    DROVER_QUEUE_PREFIX: `drover-demo-${process.pid}`,
  };
}

async function runJob(
  url: string,
  { file, processor, output }: Required<DemoOptions>,
  onJob: (jobId: string) => void,
): Promise<number> {
  const client = createClient({ baseUrl: url, fetch: streamingFetch });
  const input = await fileAt(file);
  const startedAt = performance.now();
  const submitted = await client.submit(processor, input);
  onJob(submitted.job_id);
  say(`Sent ${shortPath(file)} (${formatBytes(input.size)}) to ${processor}: job ${submitted.job_id}`);
  const progress = createProgress(process.stdout);
  const job = await client.wait(submitted.job_id, { onUpdate: (reading) => progress.update(reading) });
  progress.end();
  if (job.status !== "completed") {
    say(`The job ${job.status}: ${job.error?.message ?? ""}`);
    return EXIT.failed;
  }
  say(`Completed in ${seconds(startedAt)}.`);
  const folder = resolve(output);
  const saved = await save({ client, jobId: job.job_id, output: `${folder}/` });
  const files = saved.endsWith(".zip") ? await unzip(saved, folder) : [];
  say(`Results in ${folder}:`);
  for (const line of listing(saved, files)) say(line);
  return EXIT.ok;
}

function listing(saved: string, files: readonly UnpackedFile[]): readonly string[] {
  const names = files.map(({ path, sizeBytes }) => `  ${shortPath(path)}  ${formatBytes(sizeBytes)}`);
  return [`  ${shortPath(saved)}${files.length === 0 ? "" : ", and out of it"}`, ...names];
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** A file that came out of a ZIP. */
export interface UnpackedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Unpacks the files of a ZIP into a folder, made when absent, by the last part of their names.
 * @throws when an entry is damaged.
 */
export async function unzip(path: string, folder: string): Promise<readonly UnpackedFile[]> {
  await mkdir(folder, { recursive: true });
  const files: UnpackedFile[] = [];
  const zip = await openPromise(path, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    const target = join(folder, basename(entry.fileName));
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    files.push({ path: target, sizeBytes: (await stat(target)).size });
  }
  return files;
}
