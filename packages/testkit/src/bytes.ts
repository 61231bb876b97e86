import { createHash } from "node:crypto";

/** `size` bytes that look random and are the same for the same seed (xorshift32). */
export function seededBytes(size: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state >>> 0;
  }
  return Buffer.from(words.buffer, 0, size);
}

/** Hexadecimal SHA-256. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** `bytes` as a stream of chunks. Default size of a chunk: 64 KiB. */
export async function* chunksOf(bytes: Uint8Array | string, chunkBytes = 65_536): AsyncGenerator<Buffer> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.byteLength; at += chunkBytes) yield all.subarray(at, at + chunkBytes);
}

/** Everything that a stream gives. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
