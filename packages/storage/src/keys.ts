import { BLOB_KEY, type ByteRange } from "@drover/core";

/** Folder at the root of a disk store where blobs are before they are whole; no key may start with it. */
export const TEMP_FOLDER = ".tmp";

/** Throws `TypeError` unless `key` is a relative path of plain segments: no `.` or `..`, no empty one, at most 1,024 characters. */
export function assertKey(key: string): void {
  if (!BLOB_KEY.test(key) || key.length > 1024 || key.split("/")[0] === TEMP_FOLDER) {
    throw new TypeError(
      `A blob's key is segments of letters, digits, ".", "_" and "-" joined by "/"; got ${JSON.stringify(key.slice(0, 200))}.`,
    );
  }
}

/** `prefix` without a slash at its end, checked as a key is. Throws for an empty one: nothing may remove a whole store by an oversight. */
export function folderKey(prefix: string): string {
  const key = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  assertKey(key);
  return key;
}

/** Splits what a listing asks for into the folder to walk and the start that keys must have. An empty prefix lists everything. */
export function listingOf(prefix: string): { readonly folder: string; readonly start: string } {
  const slash = prefix.lastIndexOf("/");
  const folder = slash === -1 ? "" : prefix.slice(0, slash);
  const rest = prefix.slice(slash + 1);
  if (slash !== -1) assertKey(folder);
  if (rest !== "") assertKey(rest);
  return { folder, start: prefix };
}

/** Throws `RangeError` unless both ends are whole numbers with 0 ≤ start ≤ end. */
export function assertRange({ start, end }: ByteRange): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw new RangeError(`A range has 0 ≤ start ≤ end, both whole numbers; got ${start} to ${end}.`);
}
