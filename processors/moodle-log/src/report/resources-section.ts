import type { ShownResource } from "../outputs/activities-csv.js";
import { dataTable } from "./data-table.js";
import { markup, own } from "./markup.js";
import type { PageSection } from "./page-section.js";
import type { ReportSource } from "./report-source.js";
import { bar } from "./students-section.js";

/** Which activities and files students open, and which not. */
export function resourcesSection(source: ReportSource): PageSection | undefined {
  const { wordings, figures, courses } = source;
  const { opened, unopened } = figures;
  const total = opened.total + unopened.total;
  if (total === 0) return undefined;
  const finding =
    unopened.total > 0
      ? wordings.text("find_unopened", { n: unopened.total, total })
      : wordings.text("find_all_opened", { total });
  const isOfManyCourses = courses.length > 1;
  const courseColumn = isOfManyCourses ? [{ heading: wordings.word("course") }] : [];
  const named = (resource: ShownResource) => [
    {
      shown:
        resource.name === "" ? `${wordings.word("unnamed")} ${resource.use.moduleId}` : own(resource.name),
    },
    ...(isOfManyCourses ? [{ shown: own(resource.courseName) }] : []),
    { shown: own(resource.type) },
  ];
  const [shown, shownUnopened] = [opened.first(), unopened.first()];
  const cut = (n: number, of: number) =>
    n < of &&
    markup`<p class="note">${wordings.text("shown_of", { n, total: of, file: "activities.csv" })}</p>`;
  const body = markup`${
    shownUnopened.length > 0 &&
    markup`${dataTable({
      caption: wordings.word("unopened"),
      columns: [{ heading: wordings.word("name") }, ...courseColumn, { heading: wordings.word("type") }],
      rows: shownUnopened.map(named),
    })}
${cut(shownUnopened.length, unopened.total)}`
  }
${
  shown.length > 0 &&
  markup`${dataTable({
    caption: wordings.word("reach"),
    columns: [
      { heading: wordings.word("name") },
      ...courseColumn,
      { heading: wordings.word("type") },
      { heading: wordings.word("opened_by"), isNumber: true },
      { heading: wordings.word("share"), isNumber: true },
      { heading: "" },
      { heading: wordings.word("views"), isNumber: true },
      { heading: wordings.word("actions"), isNumber: true },
    ],
    rows: shown.map((resource) => [
      ...named(resource),
      { shown: wordings.number(resource.use.students), sortKey: resource.use.students },
      { shown: wordings.percent(resource.reachPercent / 100), sortKey: resource.reachPercent },
      { shown: bar(resource.reachPercent / 100) },
      { shown: wordings.number(resource.use.views), sortKey: resource.use.views },
      { shown: wordings.number(resource.use.actions), sortKey: resource.use.actions },
    ]),
    isSortable: true,
  })}
${cut(shown.length, opened.total)}`
}
<p class="note">${wordings.word("note_reach")}</p>`;
  return { id: "resources", topic: wordings.word("resources"), finding, body };
}
