import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "@drover/processor-sdk";
import { combineCrc32, DEFLATE_END, type FileChunk, fileChunk, XES_LEVEL } from "./deflate.js";
import { type PackedFile, writeZip } from "./zip.js";

/**
 * An output file that is written in pieces, plain to its place and compressed beside it, so that the archive
 * need not read it again. Opened by `openArtifactFile`; `finish` closes it.
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

  /** Appends a piece; it may be overwritten when this is done. */
  async append(chunk: FileChunk): Promise<void> {
    this.#crc32 = combineCrc32(this.#crc32, chunk.crc32, chunk.plain.length);
    this.#plainBytes += chunk.plain.length;
    this.#deflatedBytes += chunk.deflated.length;
    await Promise.all([writeAll(this.#plain, chunk.plain), writeAll(this.#deflated, chunk.deflated)]);
  }

  /** Appends a small text. */
  async appendText(text: string): Promise<void> {
    await this.append(fileChunk(Buffer.from(text, "utf8"), XES_LEVEL));
  }

  async finish(): Promise<PackedFile> {
    await this.append({ plain: new Uint8Array(0), deflated: DEFLATE_END, crc32: 0 });
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

/** The files of one run, each also compressed for the archive. `pack` ends it well, `close` in any case. */
export class OutputFiles {
  readonly #context: Pick<Context<unknown>, "artifactPath" | "scratch">;
  readonly #files: ArtifactFile[] = [];

  constructor(context: Pick<Context<unknown>, "artifactPath" | "scratch">) {
    this.#context = context;
  }

  async open(name: string): Promise<ArtifactFile> {
    const file = await openArtifactFile(name, {
      plainPath: this.#context.artifactPath(name, { isPrimary: false }),
      deflatedPath: join(this.#context.scratch, `${name}.deflate`),
    });
    this.#files.push(file);
    return file;
  }

  /** Finishes all files and puts them into the archive, which is the primary artifact. */
  async pack(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<void> {
    const packed: PackedFile[] = [];
    for (const file of this.#files) packed.push(await file.finish());
    const total = packed.reduce((sum, { deflatedBytes }) => sum + deflatedBytes, 0);
    await writeZip(this.#context.artifactPath("results.zip", { isPrimary: true }), packed, {
      modifiedAt: new Date(),
      signal,
      onBytes: (bytes) => progress(bytes, total),
    });
    progress(1, 1);
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}
