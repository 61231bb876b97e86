import type { Readable } from "node:stream";
import { InputInvalidError } from "@drover/processor-sdk";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import type { ReadOptions } from "./row-sink.js";

const MOST_ENTRIES = 10_000;
/** Most that is unpacked of one upload, in characters. */
const MOST_CHARACTERS = 4 * 1024 ** 3;
/**
 * So many times the size of the archive may come out of it: a log comes out 10 to 60 times as large, a bomb 1,000
 * times and more. The first characters are free, since a small archive may be one word many times.
 */
const MOST_TIMES = 250;
const FREE_CHARACTERS = 64 * 1024 ** 2;

/** A file in an archive. */
export interface ArchiveEntry {
  readonly name: string;
  /** The text of the file, in pieces, as it is unpacked. Invalid bytes become U+FFFD. */
  texts(): AsyncGenerator<string>;
  /** The bytes of the file, in pieces. */
  bytes(): AsyncGenerator<string>;
}

/** An open ZIP archive. What comes out of it is counted, over all its files. */
export class ZipArchive {
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  readonly #zip: ZipFile;
  readonly #options: ReadOptions;
  readonly #total: number;
  #unpacked = 0;

  private constructor(zip: ZipFile, entries: readonly Entry[], options: ReadOptions) {
    this.#zip = zip;
    this.#options = options;
    this.#total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    this.entries = new Map(
      entries
        .filter(({ fileName }) => !fileName.endsWith("/"))
        .map((entry) => [
          entry.fileName,
          {
            name: entry.fileName,
            texts: () => this.#pieces(entry, "utf8"),
            bytes: () => this.#pieces(entry, "latin1"),
          },
        ]),
    );
  }

  /**
   * Opens an archive; `close` lets go of it.
   * @throws {InputInvalidError} when it is damaged.
   */
  static async open(path: string, options: ReadOptions): Promise<ZipArchive> {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    try {
      if (zip.entryCount > MOST_ENTRIES) {
        throw new InputInvalidError(
          `The archive holds ${zip.entryCount} files; at most ${MOST_ENTRIES} are read.`,
        );
      }
      const entries: Entry[] = [];
      for await (const entry of zip.eachEntry()) entries.push(entry);
      return new ZipArchive(zip, entries, options);
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  close(): void {
    this.#zip.close();
  }

  async *#pieces(entry: Entry, encoding: "utf8" | "latin1"): AsyncGenerator<string> {
    if (entry.isEncrypted()) {
      throw new InputInvalidError(`“${entry.fileName}” has a password. Save it without one.`);
    }
    const stream: Readable = await this.#zip.openReadStreamPromise(entry);
    stream.setEncoding(encoding);
    try {
      for await (const piece of stream) {
        this.#options.signal.throwIfAborted();
        // The stream has an encoding, so its pieces are texts.
        yield this.#counted(piece as string);
      }
    } finally {
      stream.destroy();
    }
  }

  #counted(piece: string): string {
    this.#unpacked += piece.length;
    const most = Math.min(MOST_CHARACTERS, Math.max(FREE_CHARACTERS, MOST_TIMES * this.#zip.fileSize));
    if (this.#unpacked > most) {
      throw new InputInvalidError(
        "The file unpacks to far more than a log could be; it looks like a ZIP bomb. Export the log as CSV.",
      );
    }
    this.#options.onShare(Math.min(1, this.#unpacked / Math.max(1, this.#total)));
    return piece;
  }
}
