/** One thing that a plot shows over time. */
export interface PlotSeries {
  readonly name: string;
  /** A colour of the style sheet, by its name there. */
  readonly colour: PlotColour;
  /** One for each span; `null` where there is none. */
  readonly values: readonly (number | null)[];
}

const COLOURS = ["good", "bad", "blue", "amber", "violet", "grey"] as const;
export type PlotColour = (typeof COLOURS)[number];

/** A part of a bar. */
export interface StackedPart {
  /** Of the span. */
  readonly index: number;
  readonly colour: PlotColour;
  readonly from: number;
  readonly to: number;
}

/** The parts of the bars of some series, one upon the other. */
export function stackedRows(series: readonly PlotSeries[]): readonly StackedPart[] {
  const heights: number[] = [];
  return series.flatMap(({ colour, values }) =>
    values.flatMap((value, index) => {
      const from = heights[index] ?? 0;
      const to = from + (value ?? 0);
      heights[index] = to;
      return to === from ? [] : [{ index, colour, from, to }];
    }),
  );
}

/** The highest value, of the sums where they are stacked; 1 when there is nothing, so that an axis can be drawn. */
export function topOf(series: readonly PlotSeries[], isStacked: boolean): number {
  const tops = isStacked
    ? stackedRows(series).map(({ to }) => to)
    : series.flatMap(({ values }) => values.map((value) => value ?? 0));
  return tops.reduce((top, value) => Math.max(top, value), 0) || 1;
}

/** Colours of kinds of failures; further ones share the last. */
const FAILURE_COLOURS: readonly PlotColour[] = ["bad", "amber", "violet", "blue", "grey"];

/** Failures by their codes, the most frequent first; the least frequent of many together as `other`. */
export function failureSeries(
  spans: readonly { readonly failures: Readonly<Record<string, number>> }[],
  other: string,
): readonly PlotSeries[] {
  const sums = new Map<string, number>();
  for (const { failures } of spans)
    for (const [code, count] of Object.entries(failures)) sums.set(code, (sums.get(code) ?? 0) + count);
  const codes = [...sums].sort(([, a], [, b]) => b - a).map(([code]) => code);
  const isMany = codes.length > FAILURE_COLOURS.length;
  const own = isMany ? codes.slice(0, FAILURE_COLOURS.length - 1) : codes;
  const rest = codes.slice(own.length);
  const seriesOf = (name: string, of: readonly string[], colour: PlotColour): PlotSeries => ({
    ...{ name, colour },
    values: spans.map(({ failures }) => of.reduce((sum, code) => sum + (failures[code] ?? 0), 0)),
  });
  const shown = own.map((code, index) => seriesOf(code, [code], FAILURE_COLOURS[index] ?? "grey"));
  return isMany ? [...shown, seriesOf(other, rest, "grey")] : shown;
}
