import type { Actor, LogRows, SharedColumn } from "../load/log-store.js";
import { normalName } from "../reading/headings.js";

/** Rows that were left out by an option, by the option. */
export interface DroppedCounts {
  duplicates: number;
  excluded_users: number;
  excluded_staff: number;
}

/**
 * Marks the actors who ever do what only staff do. Not the system, and not the actor who stands for all unknown people.
 * @param isTeaching by kind of event.
 * @param dropped 1 for rows that do not count.
 */
export function findStaff(
  rows: LogRows,
  actors: readonly Actor[],
  marks: { readonly isTeaching: readonly boolean[]; readonly dropped: Uint8Array },
): boolean[] {
  const isStaff = actors.map(() => false);
  for (let row = 0; row < rows.count; row++) {
    if (marks.isTeaching[rows.kinds[row] as number] && marks.dropped[row] === 0)
      isStaff[rows.actors[row] as number] = true;
  }
  return actors.map(({ kind }, actor) => isStaff[actor] === true && (kind === "id" || kind === "name"));
}

/** Which actors a list of ids and names means: by id, by label, or by full name without regard to case and accents. */
export function actorsNamed(actors: readonly Actor[], wanted: readonly string[]): boolean[] {
  const names = new Set(wanted.map(normalName));
  return actors.map(({ kind, text, label, name }) => {
    if (kind === "id" && wanted.includes(text)) return true;
    return names.has(normalName(label)) || (name !== "" && names.has(normalName(name)));
  });
}

/** Drops the rows of marked actors that are not dropped yet; answers how many. */
export function dropActors(rows: LogRows, isMarked: readonly boolean[], dropped: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < rows.count; row++) {
    if (dropped[row] !== 0 || !isMarked[rows.actors[row] as number]) continue;
    dropped[row] = 1;
    count++;
  }
  return count;
}

/**
 * Drops all but one of rows whose text is the same; answers how many. Rows with one text share their time, so only those of one second are compared.
 * @param timeOrder all rows that are not dropped, in ascending time.
 */
export function dropDuplicates(
  rows: LogRows,
  log: { readonly hashes: Float64Array; readonly instants: SharedColumn; readonly timeOrder: SharedColumn },
  dropped: Uint8Array,
): number {
  let count = 0;
  let second = -1;
  const seen = new Set<string>();
  for (let i = 0; i < log.timeOrder.length; i++) {
    const row = log.timeOrder[i] as number;
    const instant = log.instants[row] as number;
    if (instant !== second) seen.clear();
    second = instant;
    const identity = `${log.hashes[row]},${rows.kinds[row]},${rows.actors[row]},${rows.places[row]}`;
    if (seen.has(identity)) {
      dropped[row] = 1;
      count++;
    } else seen.add(identity);
  }
  return count;
}
