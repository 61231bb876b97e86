import { countsByLevel, LEVELS } from "../outputs/students-csv.js";
import { dataTable, foldedTable } from "./data-table.js";
import { type Markup, markup } from "./markup.js";
import type { PageSection } from "./page-section.js";
import type { ReportSource } from "./report-source.js";
import type { ShownSpan } from "./shown-span.js";
import { barChart } from "./week-bars.js";

const DAY_SECONDS = 86_400;

/** Events by day and by week. */
export function timeSection({ wordings, calendar, figures, shown }: ReportSource): PageSection {
  const { mondays } = shown;
  const events = weekEvents(inSpan(calendar.byWeek, shown));
  const students = inSpan(figures.activeByWeek, shown);
  const busiest = indexOfMost(events);
  const finding = wordings.text("find_week", {
    day: wordings.day(mondays[busiest] ?? 0),
    events: events[busiest] ?? 0,
    students: students[busiest] ?? 0,
  });
  const byDay = wordings.word("by_day");
  const body = markup`<h3>${byDay}</h3>
${barChart(
  {
    id: "days",
    title: byDay,
    description: finding,
    days: shown.byDay.map((_, at) => shown.firstDay + at * DAY_SECONDS),
    rows: [{ label: wordings.word("events"), values: shown.byDay }],
    isOneScale: true,
    rowHeight: 130,
    hasLabels: false,
  },
  wordings,
)}
${shown.isCut && markup`<p class="note">${wordings.text("shown_days", { first: wordings.day(shown.firstDay), last: wordings.day(shown.lastDay) })}</p>`}
<h3>${wordings.word("by_week")}</h3>
${barChart(
  {
    id: "weeks",
    title: wordings.word("by_week"),
    description: finding,
    days: mondays,
    rows: [
      { label: wordings.word("events"), values: events },
      { label: wordings.word("active_students"), values: students },
    ],
    isOneScale: false,
    rowHeight: 64,
    hasLabels: true,
  },
  wordings,
)}
${foldedTable(wordings.word("numbers"), {
  caption: wordings.word("by_week"),
  columns: [
    { heading: wordings.word("week_of") },
    { heading: wordings.word("events"), isNumber: true },
    { heading: wordings.word("active_students"), isNumber: true },
  ],
  rows: mondays.map((monday, week) => [
    { shown: wordings.date(monday) },
    { shown: wordings.number(events[week] ?? 0) },
    { shown: wordings.number(students[week] ?? 0) },
  ]),
})}`;
  return { id: "time", topic: wordings.word("over_time"), finding, body };
}

/** What belongs to the weeks that are shown, of a list by week. */
export function inSpan<T>(byWeek: readonly T[], { firstWeek, mondays }: ShownSpan): readonly T[] {
  return byWeek.slice(firstWeek, firstWeek + mondays.length);
}

function weekEvents(byWeek: readonly (readonly number[])[]): number[] {
  return byWeek.map((activities) => activities.reduce((sum, count) => sum + count, 0));
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > (values[best] ?? 0) ? at : best), 0);
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
/** Shades of the cells, by the root of their counts: one busy hour would leave all others pale. */
const SHADES = 6;

/** Events by weekday and hour, as a table whose cells are shaded. */
export function hoursSection({ wordings, calendar }: ReportSource): PageSection {
  const { byHour } = calendar;
  const busiest = indexOfMost(byHour);
  const hour = busiest % 24;
  const finding = wordings.text("find_hour", {
    weekday: wordings.weekday(Math.floor(busiest / 24)),
    from: `${hour}:00`,
    to: `${(hour + 1) % 24}:00`,
  });
  const most = Math.max(1, byHour[busiest] ?? 0);
  const cell = (count: number): Markup => {
    const shade = count === 0 ? 0 : Math.max(1, Math.ceil(SHADES * Math.sqrt(count / most)));
    return markup`<td class="shade-${shade}">${count === 0 ? "" : wordings.number(count)}</td>`;
  };
  const rows = Array.from(
    { length: 7 },
    (_, day) =>
      markup`<tr><th scope="row"><abbr title="${wordings.weekday(day)}">${wordings.shortWeekday(day)}</abbr></th>${HOURS.map((h) => cell(byHour[day * 24 + h] ?? 0))}</tr>\n`,
  );
  const caption = wordings.word("by_hour");
  const body = markup`<div class="wide" tabindex="0" role="group" aria-label="${caption}"><table class="hours"><caption>${caption}</caption>
<thead><tr><td></td>${HOURS.map((h) => markup`<th scope="col">${h}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
  return { id: "hours", topic: wordings.word("hours"), finding, body };
}

/** Events by level and week. */
export function levelsSection({ wordings, calendar, shown: span }: ReportSource): PageSection | undefined {
  const { mondays } = span;
  const byWeek = calendar.byWeek.map(countsByLevel);
  const shown = LEVELS.map((level, at) => ({
    level,
    label: wordings.word(level === "N/A" ? "level_none" : `level_${level}`),
    values: inSpan(byWeek, span).map((levels) => levels[at] ?? 0),
    total: byWeek.reduce((sum, levels) => sum + (levels[at] ?? 0), 0),
  })).filter(({ level }) => level !== "Analyze"); // no activity stands for it
  const levels = shown.filter(({ level }) => level !== "N/A");
  const withLevel = levels.reduce((sum, { total }) => sum + total, 0);
  const top = levels[indexOfMost(levels.map(({ total }) => total))];
  if (top === undefined || withLevel === 0) return undefined;
  const finding = wordings.text("find_level", {
    percent: wordings.percent(top.total / withLevel),
    level: top.label,
  });
  const caption = wordings.word("by_level");
  const body = markup`<h3>${caption}</h3>
${barChart(
  {
    id: "levels",
    title: caption,
    description: finding,
    days: mondays,
    rows: levels,
    isOneScale: true,
    rowHeight: 44,
    hasLabels: true,
  },
  wordings,
)}
${dataTable({
  caption: wordings.word("total"),
  columns: [
    { heading: wordings.word("levels") },
    { heading: wordings.word("events"), isNumber: true },
    { heading: wordings.word("share"), isNumber: true },
  ],
  rows: shown.map(({ label, total, level }) => [
    { shown: label },
    { shown: wordings.number(total) },
    { shown: level === "N/A" ? "–" : wordings.percent(total / withLevel) },
  ]),
})}
${foldedTable(wordings.word("numbers"), {
  caption,
  columns: [
    { heading: wordings.word("week_of") },
    ...shown.map(({ label }) => ({ heading: label, isNumber: true })),
  ],
  rows: mondays.map((monday, week) => [
    { shown: wordings.date(monday) },
    ...shown.map(({ values }) => ({ shown: wordings.number(values[week] ?? 0) })),
  ]),
})}
<p class="note">${wordings.word("note_levels")}</p>`;
  return { id: "levels", topic: wordings.word("levels"), finding, body };
}
