import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellText, MAX_RECORD_BYTES, RecordScanner } from "../src/kernel/text/row-scanner.js";

interface ReadRow {
  readonly kind: string;
  readonly cells: readonly string[];
  readonly line: number;
}

function readAll(bytes: Buffer, delimiter = ","): ReadRow[] {
  const scanner = new RecordScanner(delimiter.charCodeAt(0));
  const rows: ReadRow[] = [];
  let line = 1;
  for (let at = 0; at < bytes.length; at = scanner.next) {
    const kind = scanner.scan(bytes, at, bytes.length);
    if (scanner.next <= at) throw new Error(`The reader stands still at ${at}.`);
    rows.push({
      kind,
      line,
      cells: Array.from({ length: scanner.count }, (_, i) => cellText(bytes, scanner, i)),
    });
    line += scanner.lines;
  }
  return rows;
}

const read = (text: string, delimiter?: string) => readAll(Buffer.from(text), delimiter);

describe("the reader of rows", () => {
  test("reads quotes, delimiters and line breaks inside cells", () => {
    expect(read('a,"b,""c""\nd",e\r\nf,,"g"\n')).toEqual([
      { kind: "row", line: 1, cells: ["a", 'b,"c"\nd', "e"] },
      { kind: "row", line: 3, cells: ["f", "", "g"] },
    ]);
  });

  test("takes a quote inside an unquoted cell as it is", () => {
    expect(read('5" disk,b\n')[0]?.cells).toEqual(['5" disk', "b"]);
  });

  test("reads a last row without a line end, and one that ends with a delimiter", () => {
    expect(read("a,b").map(({ cells }) => cells)).toEqual([["a", "b"]]);
    expect(read("a,").map(({ cells }) => cells)).toEqual([["a", ""]]);
  });

  test("loses one line to a quote that is not closed, and reads on after it", () => {
    const rows = read('a,b\n"c,d\ne,f\n"g",h\n');
    expect(rows.map(({ kind, line }) => [kind, line])).toEqual([
      ["row", 1],
      ["open_quote", 2],
      ["row", 3],
      ["row", 4],
    ]);
  });

  test("does not swallow the file when a quote is open to its end", () => {
    const text = `"open\n${"x,y\n".repeat(1000)}`;
    expect(read(text).filter(({ kind }) => kind === "row")).toHaveLength(1000);
  });

  test("gives up a row beyond 1 MiB instead of holding it", () => {
    const kinds = readAll(Buffer.from(`${"x".repeat(MAX_RECORD_BYTES + 10)}\na,b\n`)).map(({ kind }) => kind);
    expect(kinds[0]).toBe("too_long");
    expect(kinds.at(-1)).toBe("row");
  });

  test("any table comes back as it was written, whatever its cells hold", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom('"', "\n", "\r\n", ";", "\t", '""', "a,b"),
    );
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(",", ";", "\t"),
        fc.constantFrom("\n", "\r\n"),
        (rows, delimiter, lineEnd) => {
          const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = rows.map((cells) => cells.map(quote).join(delimiter) + lineEnd).join("");
          const expected = rows.map((cells) => cells.map((c) => Buffer.from(c, "utf8").toString("utf8")));
          const found = read(text, delimiter);
          expect(found.map(({ cells }) => cells)).toEqual(expected);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  test("any bytes are read to their end, each line once", () => {
    const bytes = fc.array(fc.constantFrom(34, 34, 44, 10, 13, 97, 98, 195, 169, 0), { maxLength: 400 });
    fc.assert(
      fc.property(bytes, (content) => {
        const buffer = Buffer.from(content);
        const scanner = new RecordScanner(44);
        let lines = 0;
        for (let at = 0; at < buffer.length; at = scanner.next) {
          scanner.scan(buffer, at, buffer.length);
          expect(scanner.next).toBeGreaterThan(at);
          lines += scanner.lines;
        }
        const lineFeeds = buffer.filter((byte) => byte === 10).length;
        const isOpen = buffer.length > 0 && buffer.at(-1) !== 10;
        expect(lines - lineFeeds).toBeGreaterThanOrEqual(0);
        expect(lines - lineFeeds).toBeLessThanOrEqual(isOpen ? 1 : 0);
      }),
      { seed: 11, numRuns: 1000 },
    );
  });
});
