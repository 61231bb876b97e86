import { DAY_SECONDS } from "../load/packed-time.js";

/** More weeks than these have no count of their own: the newest that have events do. */
const MAX_WEEKS = 104;

/** The weeks that are counted one by one. */
export interface WeekColumns {
  /** First days of the weeks, all of them Mondays, in seconds since 1970 as the clock shows them, ascending. */
  readonly mondays: readonly number[];
  /** By week since the log's first: its number in `mondays`, or their count for a week that is not among them. */
  readonly columnOfWeek: Uint32Array;
  /** Whether there are weeks that are not among them. */
  readonly hasOthers: boolean;
  /** Number of the log's first week, for `weekOfDay`. */
  readonly firstWeek: number;
}

/** Number of the week in which a day lies; weeks begin on Monday. */
export function weekOfDay(day: number): number {
  return Math.floor((day + 3) / 7); // day 0, 1 January 1970, was a Thursday
}

/**
 * Chooses the weeks: all from the first to the last event, or of a longer log the newest that have events.
 * @param eventsOfWeek by week, from `firstWeek` on.
 */
export function chooseWeeks(firstWeek: number, eventsOfWeek: Uint32Array): WeekColumns {
  const all = [...eventsOfWeek.keys()];
  const chosen =
    all.length <= MAX_WEEKS
      ? all
      : all.filter((week) => (eventsOfWeek[week] as number) > 0).slice(-MAX_WEEKS);
  const columnOfWeek = new Uint32Array(eventsOfWeek.length).fill(chosen.length);
  for (const [column, week] of chosen.entries()) columnOfWeek[week] = column;
  return {
    mondays: chosen.map((week) => ((firstWeek + week) * 7 - 3) * DAY_SECONDS),
    columnOfWeek,
    hasOthers: chosen.length < all.length,
    firstWeek,
  };
}
