import { BLOB_KEY, type ByteRange } from "@drover/core";

/** Folder at the root of a disk store where blobs are before they are whole; no key may start with it. */
export const TEMP_FOLDER = ".tmp";

/**
 * Checks a key.
 * @throws `TypeError` unless it is a relative path of plain segments: no `.` or `..`, no empty one, at most
 *   1,024 characters.
 */
export function assertKey(key: string): void {
  if (!BLOB_KEY.test(key) || key.length > 1024 || key.split("/")[0] === TEMP_FOLDER) {
    throw new TypeError(
      `A blob's key is segments of letters, digits, ".", "_" and "-" joined by "/"; ` +
        `got ${JSON.stringify(key.slice(0, 200))}.`,
    );
  }
}

/**
 * Turns what a removal is given into the key of a folder or a blob.
 * @returns `prefix` without a slash at its end.
 * @throws `TypeError` unless that is a key. An empty one is not: nothing may remove a whole store by an
 *   oversight.
 */
export function folderKey(prefix: string): string {
  const key = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  assertKey(key);
  return key;
}

/**
 * Splits what a listing asks for. An empty prefix lists everything.
 * @returns the folder to walk and the start that keys must have.
 * @throws `TypeError` when no key can start so.
 */
export function listingOf(prefix: string): { readonly folder: string; readonly start: string } {
  const slash = prefix.lastIndexOf("/");
  const folder = slash === -1 ? "" : prefix.slice(0, slash);
  const rest = prefix.slice(slash + 1);
  if (slash !== -1) assertKey(folder);
  if (rest !== "") assertKey(rest);
  return { folder, start: prefix };
}

/**
 * Checks a range.
 * @throws `RangeError` unless both ends are whole numbers with 0 ≤ start ≤ end.
 */
export function assertRange({ start, end }: ByteRange): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw new RangeError(`A range has 0 ≤ start ≤ end, both whole numbers; got ${start} to ${end}.`);
}
