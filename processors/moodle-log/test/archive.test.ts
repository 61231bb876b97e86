import { crc32, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CSV_LEVEL,
  combineCrc32,
  DEFLATE_END,
  fileChunk,
  SharedPieces,
} from "../src/kernel/write/deflate.js";

describe("pieces of a file", () => {
  test("have together the checksum of the whole", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const whole = crc32(Buffer.concat([first, second]));
        expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
      }),
      { seed: 13, numRuns: 300 },
    );
    const large = Buffer.alloc(3_000_001, "moodle");
    expect(combineCrc32(crc32(large), crc32(large), large.length)).toBe(crc32(Buffer.concat([large, large])));
  });

  test("compressed one by one make one stream", () => {
    const pieces = ["first, ", "", "second, ".repeat(1000), "third"].map((text) => Buffer.from(text));
    const stream = Buffer.concat([
      ...pieces.map((piece) => fileChunk(piece, CSV_LEVEL).deflated),
      DEFLATE_END,
    ]);
    expect(inflateRawSync(stream).toString()).toBe(Buffer.concat(pieces).toString());
  });

  test("stay as they are while the next ones are made", () => {
    const pieces = new SharedPieces(3);
    const views = ["a", "b", "c"].map((text) => {
      const piece = fileChunk(Buffer.from(text.repeat(300_000)), CSV_LEVEL);
      return pieces.share(piece).plain;
    });
    expect(views.map((view) => Buffer.from(view.subarray(0, 2)).toString())).toEqual(["aa", "bb", "cc"]);
    expect(views.map((view) => view.length)).toEqual([300_000, 300_000, 300_000]);
  });
});
