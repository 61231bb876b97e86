import type { ClassifiedLog } from "./classify-log.js";
import { type ArrangedLog, type LogStore, rfc3339 } from "./kernel/index.js";
import type { ShownPeople } from "./people/shown-people.js";
import { ACTIVITY_NAMES, levelOf } from "./rules/rules.js";
import {
  type EventShare,
  type RowCounts,
  type StaffMember,
  sortedCounts,
  type UnknownPair,
} from "./summary.js";

/** What became of the rows. */
export function countRows(log: ClassifiedLog, store: LogStore, bloomRows: number): RowCounts {
  return {
    read: store.rows + store.rejected.length,
    kept: log.arranged.kept,
    bloom: bloomRows,
    rejected: log.rejected.length,
    rejected_by_reason: log.rejected.byReason,
    dropped: log.dropped,
  };
}

/** First and last moment of the kept rows. */
export function spanOf(
  log: ClassifiedLog,
  timezone: string,
): { readonly first: string; readonly last: string } | null {
  const { span } = log.arranged;
  return span === undefined ? null : { first: rfc3339(span[0], timezone), last: rfc3339(span[1], timezone) };
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
  /** Events of nobody known, and of the system: they stand in no case. */
  readonly withoutCase: Readonly<Record<"unknown" | "system", EventShare>>;
  readonly loginAs: number;
  readonly staff: readonly StaffMember[];
}

/** Counts events by activity, level, rule and component, and finds out who teaches. */
export function countEvents(log: ClassifiedLog, store: LogStore, people: ShownPeople): EventCounts {
  const isMarked = log.classified.map(({ activity }) => levelOf(activity) !== "N/A");
  const tally = log.arranged.count({ isMarked, actors: store.actors.count });
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
    byComponent: sortedCounts(
      countBy(tally.kinds, (kind) => people.inText(store.kinds[kind]?.component ?? "")),
    ),
    unknownPairs: Object.entries(sortedCounts(unknown)).map(([pair, count]) => {
      const [component, eventName] = JSON.parse(pair) as [string, string];
      return { component: people.inText(component), event_name: people.inText(eventName), count };
    }),
    others: byActivity.get("Others") ?? 0,
    ...peopleOf(store, tally),
    loginAs: tally.kinds.reduce((sum, count, kind) => sum + (store.kinds[kind]?.isLoginAs ? count : 0), 0),
    staff: staffOf(log, store, people),
  };
}

/** Kept rows by kind of event, and by actor. */
type Tally = ReturnType<ArrangedLog["count"]>;

function countBy(
  kinds: readonly number[],
  nameOf: (kind: number) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (let kind = 0; kind < kinds.length; kind++) {
    const name = nameOf(kind);
    const count = kinds[kind] as number;
    if (name !== undefined && count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}

function peopleOf(store: LogStore, { actors, marked }: Tally) {
  let users = 0;
  const nobody = { unknown: { events: 0, bloom: 0 }, system: { events: 0, bloom: 0 } };
  for (let actor = 0; actor < actors.length; actor++) {
    const kind = store.actors.kindAt(actor);
    const [events, bloom] = [actors[actor] as number, marked[actor] as number];
    if (kind === "unknown" || kind === "system") {
      nobody[kind].events += events;
      nobody[kind].bloom += bloom;
    } else if (events > 0) users++;
  }
  const [events, bloom] = [sumOf(actors), sumOf(marked)];
  const share = (part: { readonly events: number; readonly bloom: number }): EventShare => ({
    events: part.events,
    percent: percentOf(part.events, events),
    bloom: part.bloom,
    bloom_percent: percentOf(part.bloom, bloom),
  });
  return { users, withoutCase: { unknown: share(nobody.unknown), system: share(nobody.system) } };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A share in percent, with two decimals. */
export function percentOf(part: number, whole: number): number {
  return Math.round((10_000 * part) / Math.max(1, whole)) / 100;
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
function staffOf(log: ClassifiedLog, store: LogStore, people: ShownPeople): StaffMember[] {
  const isTeaching = log.classified.map((kind) => kind.isTeaching);
  const { rows, marked } = log.arranged.countAll(store.actors.count, isTeaching);
  return log.isStaff
    .flatMap((isStaff, actor) => {
      if (!isStaff) return [];
      const member = store.actors.at(actor);
      const counts = { events: rows[actor] ?? 0, teaching_events: marked[actor] ?? 0 };
      const by = log.settled?.standings[actor] === "staff" ? { by: "roles" as const } : {};
      return [{ actor: people.called(member), name: people.nameOf(member), ...by, ...counts }];
    })
    .sort((a, b) => b.teaching_events - a.teaching_events || (a.actor < b.actor ? -1 : 1));
}
