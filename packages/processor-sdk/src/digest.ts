import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** A file that is hashed sooner than a thread has started. */
const SMALL_BYTES = 16 << 20;

export interface SizedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * The hexadecimal SHA-256 of each file, in their order. Large files are hashed on threads, one a core, the
 * largest first.
 */
export async function sha256OfFiles(files: readonly SizedFile[]): Promise<readonly string[]> {
  const digests = new Map<string, string>();
  const large = files
    .filter((file) => file.sizeBytes > SMALL_BYTES)
    .sort((a, b) => a.sizeBytes - b.sizeBytes);
  const hasher = async () => {
    for (let file = large.pop(); file !== undefined; file = large.pop())
      digests.set(file.path, await onThread(file.path));
  };
  const threads = Math.min(large.length, availableParallelism());
  const onThreads = Array.from({ length: threads }, hasher);
  for (const { path, sizeBytes } of files) {
    if (sizeBytes <= SMALL_BYTES) digests.set(path, await inPlace(path));
  }
  await Promise.all(onThreads);
  return files.map(({ path }) => digests.get(path) ?? "");
}

async function inPlace(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

function onThread(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(THREAD, { eval: true, workerData: path });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) =>
      reject(new Error(`The thread that hashes an artifact ended with code ${code}.`)),
    );
  });
}

/** As text, so that it is the same whether this module was compiled or is run from source. */
const THREAD = `
const { createHash } = require("node:crypto");
const { closeSync, openSync, readSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const hash = createHash("sha256");
const buffer = Buffer.allocUnsafe(4 << 20);
const file = openSync(workerData, "r");
for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
  hash.update(buffer.subarray(0, read));
}
closeSync(file);
parentPort.postMessage(hash.digest("hex"));
`;
