import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertDictionaries, LOG_LIMITS, LogTooLargeError } from "../src/kernel/load/log-limits.js";
import {
  mergedRejected,
  REJECT_REASONS,
  RejectedList,
  type RejectedRow,
} from "../src/kernel/load/rejected-list.js";
import { StoredTexts } from "../src/kernel/text/stored-texts.js";
import { refusalOf } from "../src/refuse-log.js";

const rejectedRow = fc.record({
  offset: fc.nat({ max: 5_000_000_000 }),
  line: fc.nat(),
  reason: fc.constantFrom(...REJECT_REASONS),
});

function listOf(rows: readonly RejectedRow[], most: number): RejectedList {
  const list = new RejectedList(most);
  for (const row of rows) list.add(row);
  return list;
}

const countsOf = (rows: readonly RejectedRow[]) =>
  Object.fromEntries(
    REJECT_REASONS.map(
      (reason) => [reason, rows.filter((row) => row.reason === reason).length] as const,
    ).filter(([, count]) => count > 0),
  );

describe("rejected rows", () => {
  test("are all counted, and the first are listed", () => {
    fc.assert(
      fc.property(fc.array(rejectedRow, { maxLength: 60 }), fc.nat({ max: 80 }), (rows, most) => {
        const list = listOf(rows, most);
        expect([...list]).toEqual(rows.slice(0, most));
        expect([list.length, list.listed]).toEqual([rows.length, Math.min(rows.length, most)]);
        expect(list.byReason).toEqual(countsOf(rows));
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  test("of stretches and of dates come together in the order of the file", () => {
    const sorted = fc.array(rejectedRow).map((rows) => rows.sort((a, b) => a.offset - b.offset));
    fc.assert(
      fc.property(sorted, sorted, fc.nat({ max: 5 }), (some, others, line) => {
        const stretch = new RejectedList();
        stretch.addStretch(listOf(some, 1_000).columns(), line);
        const merged = mergedRejected(stretch, listOf(others, 1_000));
        const all = [...some.map((row) => ({ ...row, line: row.line + line })), ...others];
        expect([...merged].map(({ offset }) => offset)).toEqual(
          all.map((r) => r.offset).sort((a, b) => a - b),
        );
        expect(merged.byReason).toEqual(countsOf(all));
        const cut = mergedRejected(listOf(some, 2), listOf(others, 3));
        expect([cut.length, cut.byReason]).toEqual([all.length, countsOf(all)]);
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});

describe("a log with more than fits into memory", () => {
  const few = { size: 1, bytes: 1 };
  const texts = { people: few, contexts: few, courses: few, ids: few };
  const small = { kinds: 1, tuples: { people: 1, contexts: 1 }, texts };

  test.each([
    [{ ...small, kinds: LOG_LIMITS.kinds + 1 }, "different kinds of event"],
    [{ ...small, tuples: { people: LOG_LIMITS.people + 1, contexts: 1 } }, "different people"],
    [
      { ...small, texts: { ...texts, contexts: { size: LOG_LIMITS.contexts + 1, bytes: 1 } } },
      "different contexts",
    ],
    [{ ...small, texts: { ...texts, ids: { size: 1, bytes: LOG_LIMITS.texts } } }, "than fit into memory"],
  ])("is refused in words", (dictionaries, words) => {
    expect(() => assertDictionaries(dictionaries)).toThrow(LogTooLargeError);
    let refusal: unknown;
    try {
      assertDictionaries(dictionaries);
    } catch (error) {
      refusal = refusalOf(error);
    }
    expect(refusal).toMatchObject({
      name: "InputInvalidError",
      message: expect.stringContaining(words),
    });
  });

  test("is not one that has just so many, and other errors are told as they are", () => {
    assertDictionaries({ ...small, kinds: LOG_LIMITS.kinds });
    const error = new Error("disk full");
    expect(refusalOf(error)).toBe(error);
  });
});

test("stored texts come back by number until there is no room", () => {
  const texts = new StoredTexts(10);
  expect(["", "né", "x\ny", "zu viel Text"].map((text) => texts.add(text))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([0, 1, 2, 3, Number.NaN].map((number) => texts.at(number))).toEqual([
    "",
    "né",
    "x\ny",
    undefined,
    undefined,
  ]);
  const many = new StoredTexts(1 << 30);
  const long = "é".repeat(1 << 20);
  for (let i = 0; i < 5; i++) many.add(long + i);
  expect(many.at(4)).toBe(`${long}4`);
});
