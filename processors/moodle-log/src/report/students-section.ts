import { inSpan } from "./calendar-sections.js";
import { dataTable } from "./data-table.js";
import { markup, own } from "./markup.js";
import type { PageSection } from "./page-section.js";
import { SEEN_CLASSES, type ShownStudent, UNSEEN_DAYS } from "./report-figures.js";
import type { ReportSource } from "./report-source.js";
import type { Wordings } from "./report-texts.js";
import { sparkline } from "./week-bars.js";

const DAY_SECONDS = 86_400;

/** How engaged students are, and when they were last seen. */
export function studentsSection(source: ReportSource): PageSection {
  const { wordings, figures } = source;
  const { unseen, students } = figures;
  const { total } = students;
  const finding =
    unseen > 0
      ? wordings.text("find_unseen", { n: unseen, total, days: UNSEEN_DAYS })
      : wordings.text("find_all_seen", { total, days: UNSEEN_DAYS });
  const shown = students.first();
  const body = markup`${lastSeenTable(source)}
${shown.length < total && markup`<p class="note">${wordings.text("shown_of", { n: shown.length, total, file: "students.csv" })}</p>`}
<p class="note scripted">${wordings.word("sort_hint")}</p>
${dataTable({
  caption: wordings.word("engagement"),
  columns: [
    { heading: wordings.word("student") },
    { heading: wordings.word("last_event"), isNumber: true },
    ...["days_ago", "events", "active_days", "sessions", "hours_spent", "longest_pause"].map((key) => ({
      heading: wordings.word(key),
      isNumber: true,
    })),
    { heading: wordings.word("weeks") },
  ],
  rows: shown.map((student) => studentCells(student, source)),
  isSortable: true,
})}
<p class="note">${seenNote(source)} ${wordings.text("note_sessions", { n: source.sessionGapMinutes })}</p>`;
  return { id: "students", topic: wordings.word("students"), finding, body };
}

function seenNote({ wordings, span, shown }: ReportSource): string {
  return shown.isCut
    ? wordings.text("note_seen_cut", { moment: wordings.day(shown.lastDay) })
    : wordings.text("note_seen", { moment: wordings.moment(span[1]) });
}

function lastSeenTable({ wordings, figures }: ReportSource) {
  const { byLastSeen, students } = figures;
  const most = Math.max(1, ...byLastSeen);
  return dataTable({
    caption: wordings.word("last_seen_ago"),
    columns: [
      { heading: wordings.word("ago") },
      { heading: wordings.word("students"), isNumber: true },
      { heading: wordings.word("share"), isNumber: true },
      { heading: "" },
    ],
    rows: byLastSeen.map((count, at) => [
      { shown: seenClass(at, wordings) },
      { shown: wordings.number(count) },
      { shown: wordings.percent(count / Math.max(1, students.total)) },
      { shown: bar(count / most) },
    ]),
  });
}

function seenClass(at: number, wordings: Wordings): string {
  const [from = 0, next] = [SEEN_CLASSES[at], SEEN_CLASSES[at + 1]];
  if (next === undefined) return wordings.text("days_from", { n: from });
  return at === 0
    ? wordings.text("days_under", { n: next })
    : wordings.text("days_between", { from, to: next - 1 });
}

/** A bar in a cell beside the number that it shows. */
export function bar(share: number) {
  const width = Math.round(1200 * share) / 10;
  return markup`<svg class="bar" viewBox="0 0 120 10" width="120" height="10" aria-hidden="true"><g class="bars"><rect width="${width}" height="10"/></g></svg>`;
}

function studentCells(student: ShownStudent, { wordings, figures, shown }: ReportSource) {
  const hours = student.sessionSeconds / 3600;
  const pause = student.longestPauseSeconds / DAY_SECONDS;
  return [
    { shown: own(student.label) },
    { shown: wordings.date(student.last), sortKey: student.last },
    { shown: wordings.number(figures.daysAgo(student.last)), sortKey: -student.last },
    { shown: wordings.number(student.events), sortKey: student.events },
    { shown: wordings.number(student.activeDays), sortKey: student.activeDays },
    { shown: wordings.number(student.sessions), sortKey: student.sessions },
    { shown: wordings.oneDigit(hours), sortKey: student.sessionSeconds },
    { shown: wordings.oneDigit(pause), sortKey: student.longestPauseSeconds },
    { shown: sparkline(inSpan(student.byWeek, shown)) },
  ];
}
