import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CellInterner } from "../src/kernel/load/byte-interner.js";
import { DescriptionSplitter } from "../src/kernel/load/description-splitter.js";
import { textAt, textColumn, textCount } from "../src/kernel/load/text-column.js";
import { TupleInterner } from "../src/kernel/load/tuple-interner.js";
import { ByteWriter } from "../src/kernel/write/byte-writer.js";
import { Fragments } from "../src/kernel/write/fragments.js";

describe("distinct values", () => {
  test("tuples are numbered as a map of them would, and come back as columns", () => {
    const member = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(member, member, member, member), { maxLength: 2_000, size: "max" }),
        (members, tuples) => {
          const interner = new TupleInterner(members);
          const known = new Map<string, number>();
          for (const tuple of tuples) {
            const own = tuple.slice(0, members) as [number, number?, number?, number?];
            const key = own.join();
            if (!known.has(key)) known.set(key, known.size);
            expect(interner.intern(...own)).toBe(known.get(key));
          }
          const columns = Array.from({ length: members }, (_, i) => [...interner.column(i)]);
          expect([...known.keys()]).toEqual(
            Array.from({ length: interner.size }, (_, id) => columns.map((column) => column[id]).join()),
          );
        },
      ),
      { seed: 13, numRuns: 60 },
    );
  });

  test("texts come back by number, and what is new is told once", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.nat({ max: 20 }), (texts, cut) => {
        const interner = new CellInterner();
        const numbers = texts.slice(0, cut).map((text) => interner.internText(text));
        const first = interner.takeNew();
        numbers.push(...texts.slice(cut).map((text) => interner.internText(text)));
        const second = interner.takeNew();
        expect(textAt(first, 0)).toBe("");
        const told = [first, second].flatMap((news) =>
          Array.from({ length: textCount(news) }, (_, number) => textAt(news, number)),
        );
        expect(told).toEqual([...new Set(["", ...texts])]);
        expect(numbers.map((number) => told[number])).toEqual(texts);
        const all = textColumn(texts.length, (number) => texts[number] ?? "");
        expect(texts.map((_, number) => textAt(all, number))).toEqual(texts);
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

describe("ready pieces of output", () => {
  test("are appended as they are, whether they are kept, too large, or were driven out", () => {
    const sizes = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.boolean()), { maxLength: 400 });
    fc.assert(
      fc.property(sizes, (wanted) => {
        const out = new ByteWriter(16, 512);
        const textOf = (number: number) => String(number).padEnd(number * 2, ".");
        const made = (number: number) => ({ text: textOf(number), dropped: number % 3 });
        const [some, others] = [new Fragments(out, 41, made), new Fragments(out, 41, made)];
        const dropped = wanted.map(([number, isOther]) => (isOther ? others : some).append(number));
        expect(out.view().toString()).toBe(wanted.map(([number]) => textOf(number)).join(""));
        expect(dropped).toEqual(wanted.map(([number]) => number % 3));
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

describe("a description whose wording is expected", () => {
  const PARTS = [
    "The user",
    " with id ",
    "'5'",
    "'12 a'",
    " 7",
    "#",
    "*",
    "h5p",
    "'quiz' activity",
    "it's",
    "'",
    ".",
  ];

  test("is split as one of which nothing is known, or not at all", () => {
    const description = fc.array(fc.constantFrom(...PARTS), { maxLength: 24 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(description, description, (one, other) => {
        const [known, plain] = [Buffer.from(one), new DescriptionSplitter()];
        plain.split(known, 0, known.length);
        const expected = Uint8Array.from(plain.wording.subarray(0, plain.wordingLength));
        for (const text of [one, other, one.replaceAll("5", "678"), one.replaceAll("7", "70")]) {
          const bytes = Buffer.from(`x${text}`);
          const [guessing, splitting] = [new DescriptionSplitter(), new DescriptionSplitter()];
          const isExpected = guessing.splitAs(expected, bytes, 1, bytes.length);
          splitting.split(bytes, 1, bytes.length);
          const wording = splitting.wording.subarray(0, splitting.wordingLength);
          expect(isExpected).toBe(wording.equals(expected));
          if (!isExpected) continue;
          const values = ({ count, starts, ends }: DescriptionSplitter) =>
            Array.from({ length: count }, (_, i) => bytes.toString("utf8", starts[i], ends[i]));
          expect(values(guessing)).toEqual(values(splitting));
        }
      }),
      { seed: 13, numRuns: 2_000 },
    );
  });
});
