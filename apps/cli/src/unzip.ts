import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";

/** A file that came out of a ZIP. */
export interface UnpackedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Unpacks the files of a ZIP into a folder, made when absent, by the last part of their names. Throws when an entry is damaged. */
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
