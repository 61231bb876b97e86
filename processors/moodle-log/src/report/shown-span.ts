import type { CountedLog } from "../kernel/index.js";

const DAY_SECONDS = 86_400;
/** What may lie before and after the days that are shown, each. */
const TAIL_SHARE = 0.005;
/** A log whose tails are shorter than this share of it is shown whole. */
const LEAST_CUT = 0.25;
/** Days that are drawn one by one: 53 weeks. */
const MOST_DAYS = 371;

/** The days and weeks that the report draws; days in seconds since 1970 as the clock shows them. */
export interface ShownSpan {
  readonly firstDay: number;
  readonly lastDay: number;
  /** Students' events by day. */
  readonly byDay: readonly number[];
  readonly mondays: readonly number[];
  /** Where `mondays` begin in the lists of the calendar. */
  readonly firstWeek: number;
  /** Whether the log goes on before or after. */
  readonly isCut: boolean;
}

/**
 * The part of a log in which nearly all happens: somebody who looks into a course a year later would make its weeks
 * too narrow to see.
 */
export function shownSpan({ byDay, firstDay, weeks }: CountedLog["calendar"]): ShownSpan {
  const [from, to] = busyDays(byDay);
  const first = Math.max(from, to - MOST_DAYS);
  const [start, end] = [firstDay + first * DAY_SECONDS, firstDay + (to - 1) * DAY_SECONDS];
  const isShown = (monday: number) => monday > start - 7 * DAY_SECONDS && monday <= end;
  return {
    firstDay: start,
    lastDay: end,
    byDay: byDay.slice(first, to),
    mondays: weeks.mondays.filter(isShown),
    firstWeek: Math.max(0, weeks.mondays.findIndex(isShown)),
    isCut: first > 0 || to < byDay.length,
  };
}

/** The days between the tails, the last excluded; all days where the tails are short. */
function busyDays(byDay: readonly number[]): readonly [from: number, to: number] {
  const most = byDay.reduce((sum, count) => sum + count, 0) * TAIL_SHARE;
  const tail = (days: readonly number[]) => {
    let events = 0;
    const length = days.findIndex((count) => {
      events += count;
      return events > most;
    });
    return Math.max(0, length);
  };
  const [before, after] = [tail(byDay), tail([...byDay].reverse())];
  return before + after < LEAST_CUT * byDay.length ? [0, byDay.length] : [before, byDay.length - after];
}
