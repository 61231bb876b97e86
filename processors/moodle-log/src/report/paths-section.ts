import type { Follow } from "../kernel/index.js";
import { ACTIVITY_NAMES } from "../rules/rules.js";
import { foldedTable } from "./data-table.js";
import { markup } from "./markup.js";
import type { PageSection } from "./page-section.js";
import { processMap } from "./process-map.js";
import type { ReportSource } from "./report-source.js";

/** Arrows that can be shown; a map of more is not read. */
const MOST_EDGES = 20;
/** Arrows that are shown at first. */
const SHOWN_EDGES = 10;
/** What students do not do by themselves. */
const LEFT_OUT: readonly string[] = ["System", "Teach", "Others"];

/** Which activity of a student comes after which. */
export function pathsSection({ wordings, follows, calendar }: ReportSource): PageSection | undefined {
  const nameOf = (activity: number) => wordings.word(`activity_${ACTIVITY_NAMES[activity]}`);
  const isShown = (activity: number) => !LEFT_OUT.includes(ACTIVITY_NAMES[activity] ?? "");
  const sorted = follows
    .filter(({ from, to }) => isShown(from) && isShown(to))
    .sort((a, b) => b.count - a.count);
  const edges = sorted.filter(({ from, to }) => from !== to).slice(0, MOST_EDGES);
  const [top] = edges;
  if (top === undefined) return undefined;
  const finding = wordings.text("find_path", { from: nameOf(top.from), to: nameOf(top.to) });
  const repeats = new Map(
    sorted.filter(({ from, to }) => from === to).map(({ from, count }) => [from, count]),
  );
  const nodes = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].map((activity) => ({
    activity,
    label: nameOf(activity),
    events: wordings.number(calendar.byWeek.reduce((sum, counts) => sum + (counts[activity] ?? 0), 0)),
    repeats: repeats.has(activity) ? wordings.number(repeats.get(activity) ?? 0) : "",
  }));
  const leastShown = edges[Math.min(SHOWN_EDGES, edges.length) - 1]?.count ?? 0;
  const title = wordings.word("map");
  const body = markup`<h3>${title}</h3>
${slider(edges, leastShown, (n) => wordings.text("slider", { n }))}
${processMap({ title, description: `${finding}. ${wordings.word("map_help")}`, nodes, edges, leastShown, numberOf: (n) => wordings.number(n) })}
<p class="note">${wordings.word("map_help")}</p>
${foldedTable(wordings.word("numbers"), {
  caption: title,
  columns: [
    { heading: wordings.word("from") },
    { heading: wordings.word("to") },
    { heading: wordings.word("count"), isNumber: true },
    { heading: wordings.word("median_gap"), isNumber: true },
  ],
  rows: sorted.map(({ from, to, count, medianGapSeconds }) => [
    { shown: nameOf(from) },
    { shown: nameOf(to) },
    { shown: wordings.number(count) },
    { shown: wordings.duration(medianGapSeconds) },
  ]),
})}`;
  return { id: "paths", topic: wordings.word("paths"), finding, body };
}

/** A slider over the counts that occur; its texts are ready for the script, which only chooses among them. */
function slider(edges: readonly Follow[], leastShown: number, say: (count: number) => string) {
  const counts = [...new Set(edges.map(({ count }) => count))].sort((a, b) => a - b);
  const steps = JSON.stringify(counts.map((count) => [count, say(count)]));
  return markup`<p class="slider"><label for="least">${say(leastShown)}</label>
<input id="least" type="range" min="0" max="${counts.length - 1}" step="1" value="${counts.indexOf(leastShown)}" data-steps="${steps}"></p>`;
}
