import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { System } from "../src/index.js";
import { startBaseline } from "./baseline.js";
import { load, multipart } from "./load.js";
import { type Print, ratio } from "./print.js";

const GIB = 1024 ** 3;

/** GET of a job's status against one HGETALL behind Express, on one Redis. */
export async function benchStatus(system: System, print: Print, seconds: number): Promise<void> {
  const { job_id } = await system.client().submit("noop", new Blob(["x"]));
  await system.client().wait(job_id);
  const baseline = await startBaseline("status", { REDIS_URL: system.redis.url });
  const bare = await load({ url: `${baseline.url}/status/job`, seconds });
  const own = await load({ url: `${system.url()}/api/jobs/${job_id}`, seconds });
  const legacy = await load({ url: `${system.url()}/api/job-status/${job_id}`, seconds });
  await baseline.stop();
  print("status GET, bare Express + HGETALL", `${bare.perSecond.toFixed(0)} /s`);
  print("status GET, /api/jobs/{id}", `${own.perSecond.toFixed(0)} /s`, ratio(own.perSecond, bare.perSecond));
  print(
    "status GET, /api/job-status/{id}",
    `${legacy.perSecond.toFixed(0)} /s`,
    ratio(legacy.perSecond, bare.perSecond),
  );
}

/**
 * POST of a 10 KiB file against multer-to-disk and queue.add, which neither syncs the file nor knows a retry.
 */
export async function benchSubmit(system: System, print: Print, seconds: number): Promise<void> {
  const folder = join(system.folder, "baseline");
  await mkdir(folder, { recursive: true });
  const baseline = await startBaseline("submit", { REDIS_URL: system.redis.url, BASELINE_FOLDER: folder });
  const form = multipart(Buffer.alloc(10_240, "x"), "bench.txt");
  const bare = await load({ url: `${baseline.url}/submit`, method: "POST", ...form, seconds });
  const own = await load({
    url: `${system.url()}/api/processors/noop-in-process/jobs`,
    method: "POST",
    ...form,
    seconds,
  });
  await baseline.stop();
  await rm(folder, { recursive: true });
  print("submit 10 KiB, bare multer + queue.add", `${bare.perSecond.toFixed(0)} /s`);
  print("submit 10 KiB, durable", `${own.perSecond.toFixed(0)} /s`, ratio(own.perSecond, bare.perSecond));
}

/**
 * 1 GiB through the api into the store, hashed and synced, against a bare pipe to disk with a SHA-256; and
 * the api's peak memory.
 */
export async function benchUpload(system: System, print: Print, bytes = GIB): Promise<void> {
  const folder = join(system.folder, "baseline");
  await mkdir(folder, { recursive: true });
  const baseline = await startBaseline("submit", { REDIS_URL: system.redis.url, BASELINE_FOLDER: folder });
  const api = system.apis[0];
  const before = await residentBytes(api?.pid ?? 0);
  const watch = watchResident(api?.pid ?? 0);
  const bare = await timed(() => send(`${baseline.url}/pipe`, "PUT", {}, chunks(bytes)));
  const own = await timed(() => sendMultipart(`${system.url()}/api/processors/noop-in-process/jobs`, bytes));
  const peak = watch.stop();
  await baseline.stop();
  await rm(folder, { recursive: true });
  const rate = (ms: number) => `${(bytes / 1e6 / (ms / 1_000)).toFixed(0)} MB/s`;
  print("upload 1 GiB, bare pipe + SHA-256", rate(bare));
  print("upload 1 GiB, multipart into the store", rate(own), ratio(bare, own));
  print("  memory of the api, before and at its peak", `${mib(before)} → ${mib(peak)}`);
}

function sendMultipart(url: string, bytes: number): Promise<void> {
  const { body, headers } = multipart(Buffer.alloc(0), "large.bin");
  const end = body.lastIndexOf("\r\n--drover");
  async function* parts() {
    yield body.subarray(0, end);
    yield* chunks(bytes);
    yield body.subarray(end);
  }
  return send(url, "POST", { ...headers, "content-length": String(bytes + body.length) }, parts());
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

async function* chunks(bytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(1 << 18, "drover ");
  for (let sent = 0; sent < bytes; sent += chunk.length)
    yield chunk.subarray(0, Math.min(chunk.length, bytes - sent));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function watchResident(pid: number): { stop(): number } {
  let peak = 0;
  const timer = setInterval(async () => {
    peak = Math.max(peak, await residentBytes(pid));
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

/** Linux only; 0 elsewhere. */
async function residentBytes(pid: number): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "0 0");
  return Number(statm.split(" ")[1]) * 4_096;
}

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
