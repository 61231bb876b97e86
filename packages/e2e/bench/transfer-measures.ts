import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import type { System } from "../src/index.js";
import { startBareServer } from "./bench-process.js";
import { cpuTimeMs } from "./cpu-time.js";
import { LoadGenerator, multipart } from "./load.js";
import { compare, type Measure, type Sample } from "./rounds.js";

/** How much a measure of transfers does. */
export interface TransferExtent {
  readonly rounds: number;
  /** Sent or fetched in each run, by one client or by several together. */
  readonly bytes: number;
}

/**
 * Uploads through the api into the store against a pipe to disk with a SHA-256, without and with the file
 * synced; by one client and by eight.
 */
export async function* measureUpload(system: System, extent: TransferExtent): AsyncGenerator<Measure> {
  const { rounds, bytes } = extent;
  const bare = await startBareServer(system);
  const api = system.apis[0]?.pid ?? 0;
  try {
    for (const clients of [1, 8]) {
      const each = Math.floor(bytes / clients);
      const put = (path: string) => () =>
        transfers(bare.pid, bytes, clients, (client) => pipe(`${bare.url}${path}?client=${client}`, each));
      const own = () => transfers(api, bytes, clients, () => uploadForm(system, each));
      const name = `upload ${sizeName(bytes)}, ${clients === 1 ? "one client" : `${clients} clients`}`;
      yield await compare({ name, unit: "MB/s", rounds }, [
        { name: "pipe and SHA-256", role: "bare", run: put("/pipe") },
        { name: "the same, file synced", role: "fair", run: put("/pipe-durable") },
        { name: "Drover", role: "own", run: own },
      ]);
    }
  } finally {
    await bare.stop();
  }
}

/** Downloads of an artifact against a stream of a file into the response. */
export async function* measureDownload(system: System, extent: TransferExtent): AsyncGenerator<Measure> {
  const { rounds, bytes } = extent;
  const bare = await startBareServer(system);
  const api = system.apis[0]?.pid ?? 0;
  try {
    await pipe(`${bare.url}/pipe?client=0`, bytes);
    const { job_id } = await system.client().submit("copy", new Blob([new Uint8Array(bytes)]));
    const job = await system.client().wait(job_id);
    if (job.status !== "completed")
      throw new Error(`The job that makes the artifact: ${JSON.stringify(job.error)}`);
    const url = `${system.url()}/api/jobs/${job_id}/artifacts/${job.artifacts?.[0]?.name}`;
    yield await compare({ name: `download ${sizeName(bytes)}`, unit: "MB/s", rounds }, [
      {
        name: "createReadStream and pipeline",
        role: "bare",
        run: () => transfers(bare.pid, bytes, 1, () => fetchAll(`${bare.url}/file`)),
      },
      { name: "Drover", role: "own", run: () => transfers(api, bytes, 1, () => fetchAll(url)) },
    ]);
  } finally {
    await bare.stop();
  }
}

/** The status of a job while five uploads run, against the same with nothing else to do. */
export async function* measureStatusDuringUploads(
  system: System,
  extent: TransferExtent,
): AsyncGenerator<Measure> {
  const { job_id } = await system.client().submit("noop", new Blob(["x"]));
  const generator = await LoadGenerator.start();
  const api = system.apis[0]?.pid ?? 0;
  const poll = () =>
    generator.run({ url: `${system.url()}/api/jobs/${job_id}`, connections: 4, seconds: 4 }, api);
  try {
    const name = "status GET, 4 in flight, idle and while five files are uploaded";
    yield await compare({ name, rounds: extent.rounds }, [
      { name: "idle", role: "bare", run: poll },
      {
        name: "during uploads",
        role: "own",
        run: async () => {
          const stop = new AbortController();
          const uploads = Array.from({ length: 5 }, async () => {
            while (!stop.signal.aborted) await uploadForm(system, extent.bytes);
          });
          const sample = await poll();
          stop.abort();
          await Promise.all(uploads);
          return sample;
        },
      },
    ]);
  } finally {
    await generator.stop();
  }
}

/** Megabytes a second of transfers that run at once, and the server's processor time for all of them. */
async function transfers(
  server: number,
  bytes: number,
  clients: number,
  transfer: (client: number) => Promise<void>,
): Promise<Sample> {
  const before = cpuTimeMs(server);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, client) => transfer(client)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = cpuTimeMs(server);
  const cpuMs = before === undefined || after === undefined ? undefined : after - before;
  return { perSecond: bytes / 1e6 / seconds, cpuMs };
}

function uploadForm(system: System, bytes: number): Promise<void> {
  const { body, headers } = multipart(Buffer.alloc(0), "large.bin");
  const end = body.lastIndexOf("\r\n--drover");
  async function* parts() {
    yield body.subarray(0, end);
    yield* chunks(bytes);
    yield body.subarray(end);
  }
  const url = `${system.url()}/api/processors/noop-in-process/jobs`;
  return send(url, "POST", { ...headers, "content-length": String(bytes + body.length) }, parts());
}

function pipe(url: string, bytes: number): Promise<void> {
  return send(url, "PUT", {}, chunks(bytes));
}

async function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: AsyncIterable<Buffer>,
): Promise<void> {
  const outgoing = request(url, { method, headers });
  const answered = once(outgoing, "response");
  await pipeline(body, outgoing);
  const [response] = await answered;
  response.resume();
  if (response.statusCode >= 300) throw new Error(`${url}: ${response.statusCode}`);
  await once(response, "end");
}

async function fetchAll(url: string): Promise<void> {
  const outgoing = request(url).end();
  const [response] = await once(outgoing, "response");
  if (response.statusCode >= 300) throw new Error(`${url}: ${response.statusCode}`);
  response.resume();
  await once(response, "end");
}

/** Random, so that the search for the form's boundary meets no more of it than in a usual file. */
const CHUNK = randomBytes(1 << 18);

async function* chunks(bytes: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < bytes; sent += CHUNK.length)
    yield CHUNK.subarray(0, Math.min(CHUNK.length, bytes - sent));
}

function sizeName(bytes: number): string {
  return bytes >= 1 << 30 ? `${bytes / (1 << 30)} GiB` : `${bytes / (1 << 20)} MiB`;
}
