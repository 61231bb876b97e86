import { describe, expect, it } from "vitest";
import { failureSeries, stackedRows, topOf } from "../src/desk/plot-series.js";

describe("the series of a plot", () => {
  const series = [
    { name: "a", colour: "good", values: [1, 0, null] },
    { name: "b", colour: "bad", values: [2, 3, null] },
  ] as const;

  it("stand upon each other as bars", () => {
    expect(stackedRows(series)).toEqual([
      { index: 0, colour: "good", from: 0, to: 1 },
      { index: 0, colour: "bad", from: 1, to: 3 },
      { index: 1, colour: "bad", from: 0, to: 3 },
    ]);
    expect([topOf(series, true), topOf(series, false), topOf([], true)]).toEqual([3, 3, 1]);
  });

  it("are failures by code, the most frequent first, and the rare of many together", () => {
    expect(failureSeries([{ failures: { a: 1, b: 2 } }, { failures: { a: 3 } }], "other")).toMatchObject([
      { name: "a", values: [1, 3] },
      { name: "b", values: [2, 0] },
    ]);
    const many = [{ failures: { a: 9, b: 8, c: 7, d: 6, e: 5, f: 4 } }];
    const told = failureSeries(many, "other");
    expect(told.map(({ name, values }) => [name, ...values])).toEqual([
      ...[
        ["a", 9],
        ["b", 8],
        ["c", 7],
        ["d", 6],
        ["other", 9],
      ],
    ]);
  });
});
