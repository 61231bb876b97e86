import { scaleLinear } from "d3-scale";
import { type Markup, markup } from "./markup.js";
import type { Wordings } from "./report-texts.js";

/** One row of bars over time. */
export interface BarRow {
  readonly label: string;
  readonly values: readonly number[];
}

/** Several rows of bars over one axis of time. */
export interface BarChart {
  /** Unique in the page; for the ids of its title and description. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** First moments of the bars, in seconds since 1970 as the clock shows them. */
  readonly days: readonly number[];
  readonly rows: readonly BarRow[];
  /** Whether all rows have one scale, so that they can be compared with each other. */
  readonly isOneScale: boolean;
  /** Of a row, in units of the drawing. */
  readonly rowHeight: number;
  /** Whether there is a label for each row beside it. */
  readonly hasLabels: boolean;
}

const WIDTH = 960;
const LABELS_WIDTH = 150;
const VALUES_WIDTH = 52;
const AXIS_HEIGHT = 26;
const ROW_GAP = 18;
/** Room that the date of a tick takes. */
const TICK_WIDTH = 84;
const GAP_SHARE = 0.18;

/** Draws rows of bars as SVG. Colours come from the page's style. */
export function barChart(chart: BarChart, wordings: Wordings): Markup {
  const left = chart.hasLabels ? LABELS_WIDTH : VALUES_WIDTH;
  const step = (WIDTH - left) / Math.max(1, chart.days.length);
  const most = Math.max(1, ...chart.rows.flatMap(({ values }) => values));
  const height = chart.rows.length * (chart.rowHeight + ROW_GAP) + AXIS_HEIGHT;
  const rows = chart.rows.map((row, at) => {
    const top = at * (chart.rowHeight + ROW_GAP) + ROW_GAP;
    const scale = scaleLinear(
      [0, chart.isOneScale ? most : Math.max(1, ...row.values)],
      [0, chart.rowHeight],
    ).nice(4);
    return barRow(row, { chart, wordings, left, step, top, scale, hasScale: at === 0 || !chart.isOneScale });
  });
  return markup`<div class="wide" tabindex="0" role="group" aria-label="${chart.title}"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${chart.id}-t ${chart.id}-d">
<title id="${chart.id}-t">${chart.title}</title><desc id="${chart.id}-d">${chart.description}</desc>
${rows}${ticks(chart, wordings, { left, step, top: height - AXIS_HEIGHT })}</svg></div>`;
}

interface RowFrame {
  readonly chart: BarChart;
  readonly wordings: Wordings;
  readonly left: number;
  readonly step: number;
  readonly top: number;
  readonly scale: ReturnType<typeof scaleLinear<number>>;
  /** Whether the top of the scale is written. */
  readonly hasScale: boolean;
}

function barRow(
  { label, values }: BarRow,
  { chart, wordings, left, step, top, scale, hasScale }: RowFrame,
): Markup {
  const bottom = top + chart.rowHeight;
  const most = scale.domain()[1] ?? 0;
  const width = step * (1 - GAP_SHARE);
  const bars = values.map((value, at) => {
    if (value === 0) return undefined;
    const height = Math.max(1, scale(value));
    return markup`<rect x="${rounded(left + at * step + (step - width) / 2)}" y="${rounded(bottom - height)}" width="${rounded(width)}" height="${rounded(height)}"/>`;
  });
  return markup`<g>${chart.hasLabels && markup`<text class="name" x="0" y="${bottom - 2}">${label}</text>`}
<line class="grid" x1="${left}" x2="${WIDTH}" y1="${top}" y2="${top}"/><line class="base" x1="${left}" x2="${WIDTH}" y1="${bottom}" y2="${bottom}"/>
${hasScale && markup`<text class="value" x="${left - 8}" y="${top + 4}" text-anchor="end">${wordings.number(most)}</text>`}
<g class="bars">${bars}</g></g>
`;
}

function ticks(
  { days }: BarChart,
  wordings: Wordings,
  { left, step, top }: { readonly left: number; readonly step: number; readonly top: number },
): readonly Markup[] {
  const every = Math.max(1, Math.ceil(TICK_WIDTH / step));
  return days.flatMap((day, at) => {
    const x = rounded(left + at * step + (step * GAP_SHARE) / 2);
    if (at % every !== 0 || x > WIDTH - TICK_WIDTH * 0.6) return [];
    return markup`<line class="base" x1="${x}" x2="${x}" y1="${top}" y2="${top + 5}"/><text class="tick" x="${x}" y="${top + 20}">${wordings.shortDay(day)}</text>`;
  });
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Bars of a few values without axis or text, for a cell of a table; what they show stands in students.csv. */
export function sparkline(values: readonly number[]): Markup {
  const most = Math.max(1, ...values);
  const step = Math.min(8, 120 / Math.max(1, values.length));
  const bars = values.map((value, at) => {
    const height = value === 0 ? 0 : Math.max(1.5, (value / most) * 18);
    return (
      value > 0 &&
      markup`<rect x="${rounded(at * step)}" y="${rounded(20 - height)}" width="${rounded(step * 0.8)}" height="${rounded(height)}"/>`
    );
  });
  const width = rounded(step * values.length);
  return markup`<svg class="spark" viewBox="0 0 ${width} 20" width="${width}" height="20" aria-hidden="true"><g class="bars">${bars}</g><line class="base" x1="0" x2="${width}" y1="20" y2="20"/></svg>`;
}
