import type { Measure, Result, Spread } from "./rounds.js";

/** Prints a measure as a small table: one line for each contender. */
export function printMeasure(measure: Measure): void {
  const heads = [measure.name, "median", "spread", "p50", "p99", "CPU each", "× bare", "× fair"];
  console.log(`\n${row(heads)}`);
  for (const result of measure.results) console.log(row(cellsOf(result, measure.unit)));
}

/** Something that was measured beside the rates: what it says, and its numbers for `--json`. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly data: Readonly<Record<string, number>>;
}

/** Prints a figure that has nothing to compare with. */
export function printFigure(name: string, value: string): void {
  console.log(`${name.padEnd(WIDTHS[0] as number)}  ${value}`);
}

function cellsOf(result: Result, unit: string): string[] {
  const { perSecond, ofBare, ofFair } = result;
  const digits = perSecond.median < 10 ? 1 : 0;
  return [
    `  ${result.name}`,
    `${perSecond.median.toFixed(digits)} ${unit}`,
    `${perSecond.min.toFixed(digits)}–${perSecond.max.toFixed(digits)}`,
    ms(result.p50Ms),
    ms(result.p99Ms),
    ms(result.cpuMs),
    ratio(ofBare),
    ratio(ofFair),
  ];
}

const WIDTHS = [58, 12, 13, 9, 9, 9, 16, 16];

function row(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i] as number) : cell.padStart(WIDTHS[i] as number)))
    .join(" ")
    .trimEnd();
}

const ms = (value: number | undefined): string =>
  value === undefined ? "" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;

function ratio(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  return `${spread.median.toFixed(2)} (${spread.min.toFixed(2)}–${spread.max.toFixed(2)})`;
}
