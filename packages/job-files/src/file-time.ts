import type { BlobStore } from "@drover/core";
import { CLOCK_KEY } from "./blob-keys.js";
import { putText } from "./blob-text.js";

/**
 * Reads the clock that the store stamps its files with, by the stamp of a file that is written now. It need
 * not be this host's: the disk may be another machine's. The old file goes first: its room is enough for the
 * new one when the disk is full, which is when removing things matters most.
 * @returns ms since the epoch.
 * @throws what the store throws, and when another process removed the file to read the time itself.
 */
export async function readFileTime(store: Pick<BlobStore, "put" | "stat" | "remove">): Promise<number> {
  await store.remove(CLOCK_KEY);
  await putText(CLOCK_KEY, "the time of this file is what is wanted", store);
  const written = await store.stat(CLOCK_KEY);
  if (written === undefined) throw new Error("Another process reads the time of the files at this moment.");
  return written.modifiedAt;
}
