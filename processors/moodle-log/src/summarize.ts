import type { ClassifiedLog } from "./classify-log.js";
import { type ArrangedLog, type LogStore, type RejectReason, rfc3339 } from "./kernel/index.js";
import { ACTIVITY_NAMES, levelOf } from "./rules/rules.js";
import { type RowCounts, type StaffMember, sortedCounts, type UnknownPair } from "./summary.js";

/** What became of the rows. */
export function countRows(log: ClassifiedLog, store: LogStore, bloomRows: number): RowCounts {
  const byReason: Partial<Record<RejectReason, number>> = {};
  for (const { reason } of log.rejected) byReason[reason] = (byReason[reason] ?? 0) + 1;
  return {
    read: store.rows + store.rejected.length,
    kept: log.arranged.kept,
    bloom: bloomRows,
    rejected: log.rejected.length,
    rejected_by_reason: byReason,
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
  readonly unknownActors: number;
  readonly systemActors: number;
  readonly loginAs: number;
  readonly staff: readonly StaffMember[];
}

/** Counts events by activity, level, rule and component, and finds out who teaches. */
export function countEvents(log: ClassifiedLog, store: LogStore): EventCounts {
  const tally = log.arranged.count({ kinds: store.kinds.length, actors: store.actors.count });
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

function peopleOf(store: LogStore, { actors }: Tally) {
  let users = 0;
  let unknownActors = 0;
  let systemActors = 0;
  for (const [actor, rows] of actors.entries()) {
    const { kind } = store.actors.at(actor);
    if (kind === "unknown") unknownActors += rows;
    else if (kind === "system") systemActors += rows;
    else if (rows > 0) users++;
  }
  return { users, unknownActors, systemActors };
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
  const isTeaching = log.classified.map(({ activity }) => activity === "Teach");
  const { rows, marked } = log.arranged.countAll(store.actors.count, isTeaching);
  return log.isStaff
    .flatMap((isStaff, actor) => {
      if (!isStaff) return [];
      const { label, name } = store.actors.at(actor);
      return [{ actor: label, name, events: rows[actor] ?? 0, teaching_events: marked[actor] ?? 0 }];
    })
    .sort((a, b) => b.teaching_events - a.teaching_events || (a.actor < b.actor ? -1 : 1));
}
