import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBufferPromise, fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { layOutZip, lengthOf, type ZipFile, type ZipSegment } from "../src/http/zip-layout.js";

const AT = Date.UTC(2026, 10, 26, 17, 32, 58);

interface Held extends ZipFile {
  readonly content: Buffer;
}

function held(name: string, plain: Buffer, isDeflated: boolean): Held {
  const content = isDeflated ? deflateRawSync(plain) : plain;
  const sizes = { plainBytes: plain.length, storedBytes: content.length };
  return { name, crc32: crc32(plain), ...sizes, isDeflated, content };
}

const bytesOf = (segment: ZipSegment<Held>) =>
  segment instanceof Uint8Array ? segment : segment.contentOf.content;

describe("the layout of a ZIP", () => {
  it("is read back by a ZIP library, whatever the files are", async () => {
    const file = fc
      .tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.uint8Array({ maxLength: 300 }), fc.boolean())
      .map(([name, bytes, isDeflated]) => held(name, Buffer.from(bytes), isDeflated));
    const files = fc.uniqueArray(file, { maxLength: 6, selector: ({ name }) => name });
    await fc.assert(
      fc.asyncProperty(files, async (made) => {
        const archive = Buffer.concat(layOutZip(made, AT).map(bytesOf));
        const zip = await fromBufferPromise(archive, { lazyEntries: true, strictFileNames: true });
        const read: unknown[] = [];
        for await (const entry of zip.eachEntry()) {
          const parts: Buffer[] = [];
          for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
          const { fileName, crc32: crc, uncompressedSize } = entry;
          read.push([fileName, crc, uncompressedSize, Buffer.concat(parts).toString("hex")]);
        }
        const expected = made.map(({ name, crc32: crc, plainBytes, isDeflated, content }) => {
          const plain = isDeflated ? inflateRawSync(content) : content;
          return [name, crc, plainBytes, plain.toString("hex")];
        });
        expect(read).toEqual(expected);
      }),
    );
  });

  it("dates the files in UTC, from 1980 on", async () => {
    for (const [at, text] of [
      [AT, "2026-11-26T17:32:58.000Z"],
      [0, "1980-01-01T00:00:00.000Z"],
    ] as const) {
      const archive = Buffer.concat(layOutZip([held("a", Buffer.from("x"), false)], at).map(bytesOf));
      const zip = await fromBufferPromise(archive, { lazyEntries: true });
      for await (const entry of zip.eachEntry())
        expect(entry.getLastModDate({ timezone: "UTC" }).toISOString()).toBe(text);
    }
  });

  it("is ZIP64 for files and places beyond 4 GiB", async () => {
    const GIB = 1024 ** 3;
    const files: ZipFile[] = [
      { name: "large.csv", crc32: 1, plainBytes: 40 * GIB, storedBytes: 3 * GIB, isDeflated: true },
      { name: "border", crc32: 2, plainBytes: 0xffffffff, storedBytes: 0xffffffff, isDeflated: false },
      { name: "far", crc32: 0xffffffff, plainBytes: 5, storedBytes: 5, isDeflated: false },
    ];
    const reader = new Sparse(layOutZip(files, AT));
    const zip = await fromRandomAccessReaderPromise(reader, reader.sizeBytes, { lazyEntries: true });
    const read: ZipFile[] = [];
    for await (const entry of zip.eachEntry()) {
      const { compressedSize: storedBytes, uncompressedSize: plainBytes } = entry;
      const isDeflated = entry.compressionMethod === 8;
      read.push({ name: entry.fileName, crc32: entry.crc32, plainBytes, storedBytes, isDeflated });
      // Fails unless the local header is where the directory says.
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      expect(reader.contentAt(fileDataStart)?.name).toBe(entry.fileName);
    }
    expect(read).toEqual(files);
  });
});

/** An archive whose contents are zeros that nobody holds. */
class Sparse extends RandomAccessReader {
  readonly #places: { readonly start: number; readonly segment: ZipSegment<ZipFile> }[] = [];
  sizeBytes = 0;

  constructor(segments: readonly ZipSegment<ZipFile>[]) {
    super();
    for (const segment of segments) {
      this.#places.push({ start: this.sizeBytes, segment });
      this.sizeBytes += lengthOf(segment);
    }
  }

  contentAt(position: number): ZipFile | undefined {
    const place = this.#places.find(({ start, segment }) => start === position && "contentOf" in segment);
    return place !== undefined && "contentOf" in place.segment ? place.segment.contentOf : undefined;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null) => void,
  ): void {
    buffer.fill(0, offset, offset + length);
    for (const { start, segment } of this.#places) {
      if (!(segment instanceof Uint8Array)) continue;
      for (let i = 0; i < segment.length; i++) {
        const at = start + i - position;
        if (at >= 0 && at < length) buffer[offset + at] = segment[i] ?? 0;
      }
    }
    done(null);
  }
}
