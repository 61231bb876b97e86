import { type FileHandle, open } from "node:fs/promises";
import type { BlobInfo, PutOptions } from "@drover/core";
import { meter } from "./meter.js";

/** One system call for 1 MiB instead of sixteen makes a multipart upload to disk about 1.5 times as fast. */
const BATCH_BYTES = 1 << 20;
/** What comes slowly is written after this time, in ms, so that the file's age shows that it is in use. */
const BATCH_MS = 10_000;

/**
 * Writes all of `source` to a new file and fsyncs it. The descriptor is closed when this settles, however it does; the file of a failed
 * write is left to the caller.
 */
export async function writeNewFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<BlobInfo> {
  const counted = meter(options);
  const handle = await open(path, "wx");
  try {
    await writeChunks(handle, counted.through(source));
    await handle.sync();
  } finally {
    await handle.close(); // waits for a write that is still under way
  }
  return counted.total();
}

/** Writes in batches, one of them on its way while the next is gathered. (A `WriteStream` on the handle would keep `handle.close()` waiting for ever.) */
async function writeChunks(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let writtenAt = performance.now();
  let underWay: Promise<void> = Promise.resolve();
  for await (const chunk of chunks) {
    batch.push(chunk);
    size += chunk.byteLength;
    if (size < BATCH_BYTES && performance.now() - writtenAt < BATCH_MS) continue;
    await underWay;
    underWay = writeBatch(handle, batch);
    underWay.catch(() => undefined); // met by the next await, or moot because the source failed first
    batch = [];
    size = 0;
    writtenAt = performance.now();
  }
  await underWay;
  await writeBatch(handle, batch);
}

async function writeBatch(handle: FileHandle, batch: readonly Uint8Array[]): Promise<void> {
  const size = batch.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (size === 0) return;
  const { bytesWritten } = await handle.writev(batch);
  if (bytesWritten === size) return;
  // A short write: the rest goes again, and fails with the reason if the device is full.
  await handle.writeFile(Buffer.concat(batch).subarray(bytesWritten));
}
