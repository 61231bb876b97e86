import type { BlobStore, PutOptions } from "@drover/core";

/**
 * The blob as text in UTF-8, at most its first `maxBytes`; `undefined` when no blob has the key. Whoever
 * parses it finds out whether it was cut.
 */
export async function readText(
  key: string,
  maxBytes: number,
  store: Pick<BlobStore, "open">,
): Promise<string | undefined> {
  const content = await store.open(key, { start: 0, end: maxBytes - 1 });
  if (content === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Stores a short text in UTF-8 under the key. */
export async function putText(
  key: string,
  text: string,
  store: Pick<BlobStore, "put">,
  options: PutOptions = {},
): Promise<void> {
  await store.put(key, bytesOf(text), options);
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
