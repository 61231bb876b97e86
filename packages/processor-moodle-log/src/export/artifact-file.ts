import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { DEFLATE_END, deflateChunk, XES_LEVEL } from "./deflate.js";

/** What the archive needs to know of a file that was written. */
export interface PackedFile {
  readonly name: string;
  readonly crc32: number;
  readonly plainBytes: number;
  readonly deflatedBytes: number;
  /** The file's content, compressed as a whole. */
  readonly deflatedPath: string;
}

/**
 * An output file that is written in pieces, plain to its place and compressed beside it, so that the archive need not read it again.
 * Opened by `openArtifactFile`; `finish` closes it.
 */
export class ArtifactFile {
  readonly #name: string;
  readonly #plain: FileHandle;
  readonly #deflated: FileHandle;
  readonly #deflatedPath: string;
  #crc32 = 0;
  #plainBytes = 0;
  #deflatedBytes = 0;

  constructor(file: {
    readonly name: string;
    readonly plain: FileHandle;
    readonly deflated: FileHandle;
    readonly deflatedPath: string;
  }) {
    this.#name = file.name;
    this.#plain = file.plain;
    this.#deflated = file.deflated;
    this.#deflatedPath = file.deflatedPath;
  }

  /** Appends a piece that was compressed elsewhere. */
  async append(plain: Uint8Array, deflated: Uint8Array): Promise<void> {
    this.#crc32 = crc32(plain, this.#crc32);
    this.#plainBytes += plain.length;
    this.#deflatedBytes += deflated.length;
    await Promise.all([writeAll(this.#plain, plain), writeAll(this.#deflated, deflated)]);
  }

  /** Appends a small text. */
  async appendText(text: string): Promise<void> {
    const bytes = Buffer.from(text, "utf8");
    await this.append(bytes, deflateChunk(bytes, XES_LEVEL));
  }

  async finish(): Promise<PackedFile> {
    await this.append(new Uint8Array(0), DEFLATE_END);
    await this.close();
    return {
      name: this.#name,
      crc32: this.#crc32,
      plainBytes: this.#plainBytes,
      deflatedBytes: this.#deflatedBytes,
      deflatedPath: this.#deflatedPath,
    };
  }

  /** Closes without finishing, for a run that failed. May be called after `finish`. */
  async close(): Promise<void> {
    await Promise.all([this.#plain.close(), this.#deflated.close()]);
  }
}

/** @param where `plainPath` is where the artifact belongs, `deflatedPath` a place in the scratch folder. */
export async function openArtifactFile(
  name: string,
  where: { readonly plainPath: string; readonly deflatedPath: string },
): Promise<ArtifactFile> {
  const plain = await open(where.plainPath, "wx");
  const deflated = await open(where.deflatedPath, "wx");
  return new ArtifactFile({ name, plain, deflated, deflatedPath: where.deflatedPath });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}
