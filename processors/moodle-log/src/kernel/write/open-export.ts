import { type ShownLog, STANDINGS } from "../../outputs/shown-log.js";
import type { ShownPeople } from "../../people/shown-people.js";
import type { ArrangedLog } from "../arrange/arranged-log.js";
import { groupEvents } from "../arrange/grouped-events.js";
import type { ActorTable, NameColumns } from "../load/actor-table.js";
import type { LogStore } from "../load/log-store.js";
import { type TextColumn, textAt, textColumn, textCount } from "../load/text-column.js";
import type { LogText } from "../text/text-rows.js";
import type { Pool } from "../threads/thread-pool.js";
import type { ExportSource } from "./export-source.js";

/**
 * Gets all threads ready to write a log.
 * @returns what the writers need.
 */
export async function openExport(
  pool: Pool,
  log: { readonly text: LogText; readonly store: LogStore; readonly arranged: ArrangedLog },
  { standings, courses, people, grouping, ...shown }: ShownLog,
): Promise<ExportSource> {
  const { cases, ...columns } = log.arranged.columns;
  const { actors } = log.store;
  const { contextOf, moduleIdOf, contexts, ids } = log.store.places.columns;
  const source: Omit<ExportSource, "groups"> = {
    path: log.text.path,
    sizeBytes: log.text.sizeBytes,
    layout: log.text.layout,
    ...columns,
    caseOrder: cases.caseOrder,
    caseEnds: cases.caseEnds,
    cases: cases.cases,
    caseLabels: cases.labels,
    ...shown,
    actors: textColumn(actors.count, (actor) => people.called(actors.at(actor))),
    standings: new Uint8Array(new SharedArrayBuffer(actors.count)),
    isPerson: new Uint8Array(new SharedArrayBuffer(actors.count)),
    eventsOfActor: log.arranged.eventsOfActor(actors.count),
    places: {
      contextOf,
      courseOf: new Uint32Array(new SharedArrayBuffer(courses.ofPlace.length * 4)),
      moduleIdOf,
      contexts: people.isPseudonymous ? await pseudonymous(contexts, people) : contexts,
      courses: textColumn(courses.names.length, (course) => people.inText(courses.names[course] ?? "")),
      moduleIds: ids,
    },
    names: people.showsNames ? { ofActor: actors.columns.names, texts: actors.columns.people } : undefined,
    pseudonyms: people.salt === undefined ? undefined : { salt: people.salt, names: nameColumns(actors) },
  };
  source.standings.set(standings.map((standing) => STANDINGS.indexOf(standing)));
  source.isPerson.set(log.arranged.isPerson);
  source.places.courseOf.set(courses.ofPlace);
  const grouped = {
    ...source,
    groups: grouping === undefined ? undefined : groupEvents(source, grouping),
  };
  await pool.runOnAll("openExport", grouped);
  return grouped;
}

const TEXTS_AT_ONCE = 2_000;

/** Contexts with pseudonyms for people; a site has hundreds of thousands, so progress is let in between. */
async function pseudonymous(contexts: TextColumn, people: ShownPeople): Promise<TextColumn> {
  const shown: string[] = [];
  for (let context = 0; context < textCount(contexts); context++) {
    if (context % TEXTS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    shown.push(people.inContext(textAt(contexts, context)));
  }
  return textColumn(shown.length, (context) => shown[context] ?? "");
}

function nameColumns({ columns }: ActorTable): NameColumns {
  const { people, idOfName, ids } = columns;
  return { people, idOfName, ids };
}
