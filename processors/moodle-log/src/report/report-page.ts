import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hoursSection, levelsSection, timeSection } from "./calendar-sections.js";
import { Markup, markup, own, plain } from "./markup.js";
import { notesSection } from "./notes-section.js";
import { type PageSection, sectionMarkup } from "./page-section.js";
import { pathsSection } from "./paths-section.js";
import type { ReportSource } from "./report-source.js";
import { resourcesSection } from "./resources-section.js";
import { studentsSection } from "./students-section.js";

const STYLE = asset("report.css");
const SCRIPT = asset("report-script.js");
/** The page may show itself and nothing else: no request leaves it, and no other style or script runs in it. */
const POLICY =
  `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; ` +
  "base-uri 'none'; form-action 'none'";

/** The report as one HTML page that needs no other file. */
export function reportPage(source: ReportSource): string {
  const { wordings } = source;
  const title = wordings.word("title");
  const sections = [
    timeSection(source),
    studentsSection(source),
    resourcesSection(source),
    hoursSection(source),
    levelsSection(source),
    pathsSection(source),
    notesSection(source),
  ].filter((section) => section !== undefined);
  const page = markup`<!DOCTYPE html>
<html lang="${wordings.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${plain(`${title}: ${subjectOf(source)}`)}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${header(source)}
${overview(source, sections)}
${sections.map(sectionMarkup)}</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.source;
}

/** The course that the report is about, or how many courses. */
function subjectOf({ courses, wordings, summary }: ReportSource): string {
  if (courses.length === 0) return summary.input.filename ?? "";
  return courses.length === 1 ? (courses[0] ?? "") : wordings.text("courses", { n: courses.length });
}

function header(source: ReportSource) {
  const { wordings, span, summary } = source;
  const { timezone } = summary.detected;
  const period = wordings.text("period", { first: wordings.moment(span[0]), last: wordings.moment(span[1]) });
  return markup`<header><p class="topic">${wordings.word("title")}</p>
<h1>${own(subjectOf(source))}</h1>
<p class="period">${period} (${timezone.name}${timezone.assumed && `, ${wordings.word("assumption")}`})</p></header>`;
}

function overview({ wordings, figures, calendar }: ReportSource, sections: readonly PageSection[]) {
  const events = calendar.byDay.reduce((sum, count) => sum + count, 0);
  const facts = [
    ["students", figures.students.total],
    ["events_of_students", events],
    ["days_with_activity", calendar.byDay.filter((count) => count > 0).length],
    ["median_active_days", figures.medianActiveDays],
  ] as const;
  return markup`<section aria-labelledby="overview-h"><h2 id="overview-h" class="topic">${wordings.word("overview")}</h2>
<dl class="facts">${facts.map(([key, value]) => markup`<div><dt>${wordings.word(key)}</dt><dd>${wordings.number(value)}</dd></div>`)}</dl>
<ul class="findings">${sections.map(({ id, finding }) => markup`<li><a href="#${id}">${finding}</a></li>`)}</ul></section>`;
}

function asset(name: string): string {
  return readFileSync(new URL(`../../data/${name}`, import.meta.url), "utf8");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
