import type { ClassifiedLog } from "./classify-log.js";
import type { DetectedText } from "./detect.js";
import type { Actor, LogStore } from "./load/log-store.js";
import type { RejectReason } from "./load/segment.js";
import type { Params } from "./params.js";
import { ACTIVITY_NAMES, levelOf } from "./rules/activity.js";
import {
  type DetectedFacts,
  type RowCounts,
  type StaffMember,
  sortedCounts,
  type UnknownPair,
} from "./summary.js";
import { describeTimeFormat } from "./time/date-format.js";
import { Rfc3339Writer } from "./time/rfc3339.js";
import { Zone } from "./time/zone.js";

/** What became of the rows. */
export function countRows(log: ClassifiedLog, store: LogStore, bloomRows: number): RowCounts {
  const byReason: Partial<Record<RejectReason, number>> = {};
  for (const { reason } of log.rejected) byReason[reason] = (byReason[reason] ?? 0) + 1;
  return {
    read: store.rows + store.rejected.length,
    kept: log.timeOrder.length,
    bloom: bloomRows,
    rejected: log.rejected.length,
    rejected_by_reason: byReason,
    dropped: log.dropped,
  };
}

const DELIMITER_NAMES: Readonly<Record<number, DetectedFacts["delimiter"]>> = {
  44: "comma",
  59: "semicolon",
  9: "tab",
};

/** What was decided about the file. @param timeSample a cell of the time column. */
export function detectedFacts(
  text: DetectedText,
  log: ClassifiedLog,
  told: { readonly params: Params; readonly timeSample: string },
): DetectedFacts {
  const { order, certainty, reason } = log.dateOrder;
  return {
    encoding: text.encoding,
    delimiter: DELIMITER_NAMES[text.layout.delimiter] ?? "comma",
    language: text.language ?? "unknown",
    recognised_by: text.recognisedBy,
    headings: text.headings,
    columns: Object.fromEntries(Object.entries(text.layout.columns).filter(([, position]) => position >= 0)),
    date_format: { format: describeTimeFormat(told.timeSample, order), order, certainty, reason },
    timezone: { name: told.params.timezone ?? "UTC", assumed: told.params.timezone === undefined },
    years_reckoned: log.hasYearlessDates,
  };
}

/** First and last moment of the kept rows. */
export function spanOf(
  log: ClassifiedLog,
  timezone: string,
): { readonly first: string; readonly last: string } | null {
  const first = log.timeOrder[0];
  const last = log.timeOrder.at(-1);
  if (first === undefined || last === undefined) return null;
  const writer = new Rfc3339Writer(new Zone(timezone), { milliseconds: false });
  const shown = [first, last].map((row) => writer.write(log.instants[row] as number).toString("latin1"));
  return { first: shown[0] ?? "", last: shown[1] ?? "" };
}

/** Counts of the kept rows. */
export interface EventCounts {
  readonly byActivity: Readonly<Record<string, number>>;
  readonly byLevel: Readonly<Record<string, number>>;
  readonly byRule: Readonly<Record<string, number>>;
  readonly byComponent: Readonly<Record<string, number>>;
  readonly unknownPairs: readonly UnknownPair[];
  readonly others: number;
  readonly users: number;
  readonly unknownActors: number;
  readonly systemActors: number;
  readonly loginAs: number;
  readonly staff: readonly StaffMember[];
}

/** Counts events by activity, level, rule and component, and finds out who teaches. */
export function countEvents(log: ClassifiedLog, store: LogStore): EventCounts {
  const tally = tallyOf(log, store);
  const nameOfActivity = (kind: number) => log.classified[kind]?.activity ?? "Others";
  const byActivity = countBy(tally.kinds, nameOfActivity);
  const unknown = countBy(tally.kinds, (kind) =>
    nameOfActivity(kind) === "Others"
      ? JSON.stringify([store.kinds[kind]?.component, store.kinds[kind]?.eventName])
      : undefined,
  );
  return {
    byActivity: Object.fromEntries(ACTIVITY_NAMES.map((name) => [name, byActivity.get(name) ?? 0])),
    byLevel: levelCounts(byActivity),
    byRule: sortedCounts(countBy(tally.kinds, (kind) => log.classified[kind]?.rule)),
    byComponent: sortedCounts(countBy(tally.kinds, (kind) => store.kinds[kind]?.component)),
    unknownPairs: Object.entries(sortedCounts(unknown)).map(([pair, count]) => {
      const [component, eventName] = JSON.parse(pair) as [string, string];
      return { component, event_name: eventName, count };
    }),
    others: byActivity.get("Others") ?? 0,
    ...peopleOf(store, tally),
    loginAs: tally.kinds.reduce((sum, count, kind) => sum + (store.kinds[kind]?.isLoginAs ? count : 0), 0),
    staff: staffOf(log, store),
  };
}

/** Kept rows by kind of event, and by actor. */
interface Tally {
  readonly kinds: Uint32Array;
  readonly actors: Uint32Array;
}

function tallyOf(log: ClassifiedLog, store: LogStore): Tally {
  const kinds = new Uint32Array(store.kinds.length);
  const actors = new Uint32Array(store.actors.length);
  for (let i = 0; i < log.timeOrder.length; i++) {
    const row = log.timeOrder[i] as number;
    (kinds[log.rows.kinds[row] as number] as number)++;
    (actors[log.rows.actors[row] as number] as number)++;
  }
  return { kinds, actors };
}

function countBy(kinds: Uint32Array, nameOf: (kind: number) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (let kind = 0; kind < kinds.length; kind++) {
    const name = nameOf(kind);
    const count = kinds[kind] as number;
    if (name !== undefined && count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}

function peopleOf(store: LogStore, { actors }: Tally) {
  const rowsOf = (wanted: Actor["kind"]) =>
    store.actors.reduce((sum, { kind }, actor) => sum + (kind === wanted ? (actors[actor] as number) : 0), 0);
  const isPerson = (kind: Actor["kind"]) => kind === "id" || kind === "name";
  return {
    users: store.actors.filter(({ kind }, actor) => isPerson(kind) && actors[actor] !== 0).length,
    unknownActors: rowsOf("unknown"),
    systemActors: rowsOf("system"),
  };
}

function levelCounts(byActivity: ReadonlyMap<string, number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of ACTIVITY_NAMES) {
    const level = levelOf(name);
    counts[level] = (counts[level] ?? 0) + (byActivity.get(name) ?? 0);
  }
  return counts;
}

/** All rows of staff count here, also those that an option dropped. */
function staffOf(log: ClassifiedLog, store: LogStore): StaffMember[] {
  const events = new Uint32Array(store.actors.length);
  const teaching = new Uint32Array(store.actors.length);
  const isTeaching = log.classified.map(({ activity }) => activity === "Teach");
  for (let row = 0; row < log.rows.count; row++) {
    const actor = log.rows.actors[row] as number;
    (events[actor] as number)++;
    if (isTeaching[log.rows.kinds[row] as number]) (teaching[actor] as number)++;
  }
  return store.actors
    .flatMap(({ label, name }, actor) =>
      log.isStaff[actor]
        ? [{ actor: label, name, events: events[actor] ?? 0, teaching_events: teaching[actor] ?? 0 }]
        : [],
    )
    .sort((a, b) => b.teaching_events - a.teaching_events || (a.actor < b.actor ? -1 : 1));
}
