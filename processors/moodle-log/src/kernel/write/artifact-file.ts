import type { Writable } from "node:stream";
import type { Context } from "@drover/processor-sdk";

/** An output file that is written in pieces; `OutputFiles` opens and ends it. */
export class ArtifactFile {
  readonly #stream: Writable;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure = error; // told to whoever writes next
    });
  }

  /** Appends a piece. When this is done its memory may be used again, and the file is ready for more. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#settled((done) => this.#stream.write(bytes, done));
  }

  /** Appends a text. */
  async appendText(text: string): Promise<void> {
    await this.append(Buffer.from(text, "utf8"));
  }

  async end(): Promise<void> {
    await this.#settled((done) => this.#stream.end(done));
  }

  /** Gives the file up unless it has ended. */
  close(): void {
    this.#stream.destroy();
  }

  #settled(call: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      call((error) => (error ? reject(this.#failure ?? error) : resolve()));
    });
  }
}

/** The files of one run. `end` ends it well, `close` in any case. */
export class OutputFiles {
  readonly #context: Pick<Context<unknown>, "artifact">;
  readonly #files: ArtifactFile[] = [];

  constructor(context: Pick<Context<unknown>, "artifact">) {
    this.#context = context;
  }

  open(name: string): ArtifactFile {
    const file = new ArtifactFile(this.#context.artifact(name, { isPrimary: false }));
    this.#files.push(file);
    return file;
  }

  async end(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.end()));
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}
