import { join } from "node:path";
import type { Context } from "@drover/processor-sdk";
import { type ArtifactFile, openArtifactFile, type PackedFile } from "./artifact-file.js";
import { writeZip } from "./zip.js";

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
