import { constants } from "node:fs";
import { lstat, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ArtifactStream } from "./artifact-stream.js";
import { ByteCount, isKeptAsGzip, type KeptBytes } from "./kept-bytes.js";

/**
 * Counts and hashes the artifact that a processor wrote to the path by itself, and puts its gzip in its place
 * when that is worth while; one pass over the file. What is no file with this one name (a link, a folder) is
 * not read and has no digest: the worker refuses to publish it.
 * @throws as `fs.lstat` does when there is nothing at the path, and an `AbortError` by the signal.
 */
export async function keepFile(path: string, mediaType: string, signal: AbortSignal): Promise<KeptBytes> {
  const found = await lstat(path);
  const changedAtMs = found.ctimeMs;
  if (!found.isFile() || found.nlink !== 1) {
    return { sizeBytes: found.size, sha256: "", crc32: 0, changedAtMs };
  }
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const source = file.createReadStream({ highWaterMark: 1 << 18, signal });
  if (isKeptAsGzip(mediaType, found.size)) return pack(source, path, mediaType);
  const count = new ByteCount();
  for await (const chunk of source) count.add(chunk);
  return { ...count.end(), changedAtMs };
}

async function pack(source: Readable, path: string, mediaType: string): Promise<KeptBytes> {
  const packed = join(dirname(path), `.${basename(path)}`); // no artifact's name begins with a dot
  const target = new ArtifactStream(packed, mediaType);
  await pipeline(source, target);
  await rename(packed, path);
  const { ctimeMs } = await lstat(path); // a rename is a change
  return { ...target.kept, changedAtMs: ctimeMs };
}
