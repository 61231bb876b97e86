import { dataTable } from "./data-table.js";
import { type Markup, markup, own } from "./markup.js";
import type { PageSection } from "./page-section.js";
import type { ReportSource } from "./report-source.js";

/** Staff who are named; the summary has all. */
const MOST_STAFF = 20;
const MOST_WARNINGS = 20;
const CERTAINTIES: Readonly<Record<string, string>> = { assumed: "assumption" };

/** What the figures of the report rest on. */
export function notesSection(source: ReportSource): PageSection {
  const { wordings, summary } = source;
  const { rows, detected, probable_staff: staff } = summary;
  const { timezone, date_format: dates } = detected;
  const names = staff.slice(0, MOST_STAFF).map(({ actor }, at) => markup`${at > 0 && ", "}${own(actor)}`);
  const notes = [
    wordings.word("note_students"),
    staff.length > 0 &&
      wordings.say("note_staff", {
        names: markup`${names}${staff.length > MOST_STAFF && `, +${staff.length - MOST_STAFF}`}`,
      }),
    wordings.text(timezone.assumed ? "note_zone_assumed" : "note_zone", { zone: timezone.name }),
    wordings.say("note_dates", {
      format: own(dates.format),
      certainty: wordings.word(CERTAINTIES[dates.certainty] ?? dates.certainty),
    }),
    wordings.text("note_rows", { read: rows.read, kept: rows.kept, rejected: rows.rejected }),
  ].filter((note) => note !== false);
  const warnings = summary.warnings.slice(0, MOST_WARNINGS);
  const body = markup`${whoTable(source)}
<ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>
${warnings.length > 0 && markup`<h3>${wordings.word("note_more")}</h3><ul lang="en">${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul>`}`;
  return { id: "notes", topic: "", finding: wordings.word("assumed"), body };
}

function whoTable({ wordings, summary, calendar }: ReportSource): Markup {
  const { kept } = summary.rows;
  const { unknown, system } = summary.without_case;
  const students = calendar.byDay.reduce((sum, events) => sum + events, 0);
  const parts = [
    ["students", students],
    ["probable_staff", kept - students - unknown.events - system.events],
    ["unknown", unknown.events],
    ["system", system.events],
    ["total", kept],
  ] as const;
  return dataTable({
    caption: wordings.word("who"),
    columns: [
      { heading: "" },
      { heading: wordings.word("events"), isNumber: true },
      { heading: wordings.word("share"), isNumber: true },
    ],
    rows: parts.map(([key, events]) => [
      { shown: wordings.word(key) },
      { shown: wordings.number(events) },
      { shown: wordings.percent(events / Math.max(1, kept)) },
    ]),
  });
}
