import { type BlobStore, DomainError } from "@drover/core";
import { CLOCK_KEY } from "./blob-keys.js";
import { putText } from "./blob-text.js";

/**
 * Reads the clock that the store stamps its files with, by the stamp of a file that is written now. It need
 * not be this host's: the disk may be another machine's.
 * @returns ms since the epoch.
 * @throws what the store throws. A disk that is full is no obstacle once the file was written: its room is
 *   enough for the new one, and full is when removing things matters most.
 */
export async function readFileTime(store: Pick<BlobStore, "put" | "stat" | "remove">): Promise<number> {
  const put = () => putText(CLOCK_KEY, "the time of this file is what is wanted", store);
  await put().catch(async (error: unknown) => {
    if (!(error instanceof DomainError) || error.code !== "storage_full") throw error;
    await store.remove(CLOCK_KEY);
    await put();
  });
  const written = await store.stat(CLOCK_KEY);
  if (written === undefined) throw new Error("The file that tells the time was removed at this moment.");
  return written.modifiedAt;
}
