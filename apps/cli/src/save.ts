import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "@drover/client";
import { UsageError } from "./exit.js";

export interface SaveOptions {
  readonly client: Client;
  readonly jobId: string;
  /** Default: the job's primary artifact, else its only one, else the ZIP of all. */
  readonly artifact?: string | undefined;
  /**
   * A file, or a folder (which exists or ends in "/"). Default: the artifact's name in the working folder.
   */
  readonly output?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Makes the folder of an output that is still to come, so that a place that cannot be is known before any
 * work is done for it.
 */
export async function prepareOutput(output: string): Promise<void> {
  await mkdir(output.endsWith("/") ? output : dirname(resolve(output)), { recursive: true });
}

/**
 * Downloads what a job made and returns the path it has now. The file appears whole, with the SHA-256 of the
 * artifact, or not at all.
 * @throws `UsageError` when the bytes are not the ones that were promised.
 */
export async function save({ client, jobId, artifact, output, signal }: SaveOptions): Promise<string> {
  const download = await client.download(jobId, {
    ...(artifact === undefined ? {} : { artifact }),
    ...(signal === undefined ? {} : { signal }),
  });
  const path = await pathFor(output, basename(download.filename));
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.partial-${process.pid}`;
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(download.body, hashing, createWriteStream(partial));
    const sha256 = hash.digest("hex");
    if (download.sha256 !== undefined && sha256 !== download.sha256) {
      throw new UsageError(`The download is damaged: SHA-256 ${sha256} instead of ${download.sha256}.`);
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

async function pathFor(output: string | undefined, name: string): Promise<string> {
  if (output === undefined) return resolve(name);
  const isFolder =
    output.endsWith("/") || (await stat(output).catch(() => undefined))?.isDirectory() === true;
  return resolve(isFolder ? join(output, name) : output);
}
