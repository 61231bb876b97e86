import type { ByteWriter } from "./byte-writer.js";

/**
 * Memory for a piece of both files of a kind. It goes from the main thread to one that makes a piece, comes back with
 * it, and is used again when the piece is written: made anew for each it would be a gigabyte per million rows.
 */
export interface PairMemory {
  readonly full: Uint8Array<ArrayBuffer>;
  readonly bloom: Uint8Array<ArrayBuffer>;
}

/** The same piece of both files of a kind: all events, and those with a Bloom level. */
export interface PiecePair {
  readonly rows: number;
  readonly memory: PairMemory;
  /** How much of the memory is used. */
  readonly fullBytes: number;
  readonly bloomBytes: number;
}

export function emptyMemory(): PairMemory {
  return { full: new Uint8Array(0), bloom: new Uint8Array(0) };
}

/** Copies what two writers hold into memory, or into larger memory where it has no room. */
export function piecePair(
  rows: number,
  { full, bloom }: { readonly full: ByteWriter; readonly bloom: ByteWriter },
  memory: PairMemory,
): PiecePair {
  return {
    rows,
    memory: { full: filled(memory.full, full.view()), bloom: filled(memory.bloom, bloom.view()) },
    fullBytes: full.length,
    bloomBytes: bloom.length,
  };
}

function filled(memory: Uint8Array<ArrayBuffer>, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const target = memory.length < content.length ? new Uint8Array(Math.ceil(content.length * 1.2)) : memory;
  target.set(content);
  return target;
}
