import { close, fstat, open, write } from "node:fs";
import { basename } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { deflatePiece, GZIP_HEADER, gzipEnd } from "./gzip-pieces.js";
import { ByteCount, isKeptAsGzip, type KeptBytes } from "./kept-bytes.js";

/** Bytes that are gathered, and then counted, compressed and written together. */
const PIECE_BYTES = 1 << 19;
/** Pieces of one stream that may be on their way: Node has four threads for them. */
const MAX_IN_FLIGHT = 4;
/** Most artifacts are short: memory for a piece grows from here. */
const FIRST_BYTES = 1 << 12;

const openFile = promisify(open);
const statFile = promisify(fstat);
const writeFile = promisify(write);

type Done = (error?: Error | null) => void;

/**
 * Writes an artifact to a new file: as gzip when that is worth while, compressed on Node's threads, else as
 * it is. Counts and hashes in the same pass, so that nothing is read again.
 *
 * The file is made at once. What is written is copied, so that its writer may use the buffer again. Writes
 * wait while `MAX_IN_FLIGHT` pieces are on their way.
 */
export class ArtifactStream extends Writable {
  readonly #path: string;
  readonly #mediaType: string;
  readonly #plain = new ByteCount();
  readonly #packed = new ByteCount();
  #isPacked: boolean | undefined;
  #fd: number | undefined;
  #piece: Buffer = Buffer.alloc(0);
  #filled = 0;
  /** Memory of pieces that were written. */
  #spare: Buffer[] = [];
  #inFlight: Promise<unknown>[] = [];
  /** Settles when all that was appended is in the file. */
  #appended: Promise<void> = Promise.resolve();
  #kept: KeptBytes | undefined;

  constructor(path: string, mediaType: string) {
    super({ highWaterMark: 1 << 20 });
    this.#path = path;
    this.#mediaType = mediaType;
  }

  /**
   * What was written.
   * @throws {TypeError} unless the stream was ended and has finished.
   */
  get kept(): KeptBytes {
    if (this.#kept !== undefined) return this.#kept;
    throw new TypeError(
      `The stream of artifact ${basename(this.#path)} was not ended and flushed before run() returned.`,
    );
  }

  override _construct(done: Done): void {
    openFile(this.#path, "wx").then((fd) => {
      this.#fd = fd;
      done();
    }, done);
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    const taken = this.#fill(chunk);
    if (this.#filled < PIECE_BYTES) done();
    else this.#sendPiece().then(() => this._write(chunk.subarray(taken), encoding, done), done);
  }

  override _final(done: Done): void {
    this.#finish().then(done, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#spare = [];
    const fd = this.#fd;
    const release = () => (fd === undefined ? done(error) : close(fd, (failure) => done(error ?? failure)));
    this.#appended.then(release, release); // not while a thread may write to the file
  }

  /** Copies into the piece what it has room for, and returns how many bytes that was. */
  #fill(chunk: Buffer): number {
    const wanted = Math.min(PIECE_BYTES, this.#filled + chunk.length);
    if (wanted > this.#piece.length) {
      const larger = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(FIRST_BYTES, 2 * wanted)));
      this.#piece.copy(larger, 0, 0, this.#filled);
      this.#piece = larger;
    }
    const taken = chunk.copy(this.#piece, this.#filled, 0, wanted - this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** Resolves when another piece may be filled. */
  async #sendPiece(): Promise<void> {
    const memory = this.#piece;
    const bytes = memory.subarray(0, this.#filled);
    this.#piece = this.#spare.pop() ?? Buffer.alloc(0);
    this.#filled = 0;
    this.#plain.add(bytes);
    if (this.#isPacked === undefined) {
      this.#isPacked = isKeptAsGzip(this.#mediaType, this.#plain.sizeBytes);
      if (this.#isPacked) this.#append(GZIP_HEADER);
    }
    this.#append(this.#isPacked ? deflatePiece(bytes) : bytes);
    this.#inFlight.push(this.#appended);
    this.#appended.then(
      () => this.#spare.push(memory),
      (error: Error) => this.destroy(error),
    );
    if (this.#inFlight.length >= MAX_IN_FLIGHT) await this.#inFlight.shift();
  }

  /** Bytes come into the file in the order of the calls. */
  #append(coming: Uint8Array | Promise<Uint8Array>): void {
    this.#appended = Promise.all([coming, this.#appended]).then(([bytes]) => this.#put(bytes));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (this.#isPacked === true) this.#packed.add(bytes);
    for (let at = 0; at < bytes.length && !this.destroyed; ) {
      at += (await writeFile(this.#fd ?? -1, bytes, at)).bytesWritten;
    }
  }

  async #finish(): Promise<undefined> {
    if (this.#filled > 0) await this.#sendPiece();
    if (this.#isPacked === true) this.#append(gzipEnd(this.#plain.crc32, this.#plain.sizeBytes));
    await this.#appended;
    const { ctimeMs } = await statFile(this.#fd ?? -1);
    const { sizeBytes, sha256 } = this.#packed.end();
    this.#kept = {
      ...this.#plain.end(),
      ...(this.#isPacked === true ? { gzip: { sizeBytes, sha256 } } : {}),
      changedAtMs: ctimeMs,
    };
  }
}
