import { type BlobStore, decodeManifest, encodeManifest, type Manifest, manifestKey } from "@drover/core";

/** Stores the manifest beside its input, in the place of an earlier one. */
export async function writeManifest(manifest: Manifest, store: BlobStore): Promise<void> {
  await store.put(manifestKey(manifest.request.input.key), bytesOf(encodeManifest(manifest)));
}

/** The manifest beside an input; `undefined` when there is none that can be read. */
export async function readManifest(inputKey: string, store: BlobStore): Promise<Manifest | undefined> {
  const bytes = await store.open(manifestKey(inputKey));
  if (bytes === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return decodeManifest(Buffer.concat(chunks).toString("utf8"));
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
