import { Zone } from "../../time/zone.js";
import type { ArrangedColumns } from "../arrange/arranged-log.js";
import { DAY_SECONDS } from "../load/packed-time.js";
import { type CountSpec, NOBODY, STUDENT } from "./count-spec.js";
import { chooseWeeks, type WeekColumns, weekOfDay } from "./week-columns.js";

/** When the events of a log took place, by the clock of one zone. What is counted are students' events. */
export interface CalendarTally {
  /** Day by row, since 1970. */
  readonly days: Uint16Array;
  readonly weeks: WeekColumns;
  /** The first day of `byDay`, in seconds since 1970 as the clock shows it. */
  readonly firstDay: number;
  readonly byDay: readonly number[];
  /** By hour of the week, from Monday 0 h on. */
  readonly byHour: readonly number[];
  /** By week of `weeks`, the one of all earlier ones last; of each, by activity. */
  readonly byWeek: readonly (readonly number[])[];
}

/** Counts in order of time, in which the offset of the zone hardly changes. */
export function tallyCalendar(
  columns: ArrangedColumns,
  roles: Uint8Array,
  spec: Pick<CountSpec, "timezone" | "activityOfKind" | "activityCount">,
): CalendarTally {
  const { rows, timeOrder } = columns;
  const { days, first, last, byHour } = tallyHours(columns, roles, new Zone(spec.timezone));
  const byDay = new Uint32Array(last - first + 1);
  const firstWeek = weekOfDay(first);
  const eventsOfWeek = new Uint32Array(weekOfDay(last) - firstWeek + 1);
  const activities = new Uint32Array(eventsOfWeek.length * spec.activityCount);
  for (let i = 0; i < timeOrder.length; i++) {
    const row = timeOrder[i] as number;
    const role = roles[rows.actors[row] as number];
    if (role === NOBODY) continue;
    const day = days[row] as number;
    const week = weekOfDay(day) - firstWeek;
    (eventsOfWeek[week] as number)++;
    if (role !== STUDENT) continue;
    (byDay[day - first] as number)++;
    const activity = spec.activityOfKind[rows.kinds[row] as number] as number;
    (activities[week * spec.activityCount + activity] as number)++;
  }
  const weeks = chooseWeeks(firstWeek, eventsOfWeek);
  const byWeek = Array.from({ length: weeks.mondays.length + 1 }, () => zeros(spec.activityCount));
  for (let at = 0; at < activities.length; at++) {
    const week = byWeek[weeks.columnOfWeek[Math.floor(at / spec.activityCount)] as number] as number[];
    (week[at % spec.activityCount] as number) += activities[at] as number;
  }
  return { days, weeks, firstDay: first * DAY_SECONDS, byDay: [...byDay], byHour: [...byHour], byWeek };
}

/** The day of each row, the first and the last day, and students' events by hour of the week. */
function tallyHours({ rows, instants, timeOrder }: ArrangedColumns, roles: Uint8Array, zone: Zone) {
  const days = new Uint16Array(rows.count);
  const byHour = new Uint32Array(7 * 24);
  let [first, last] = [0xffff, 0];
  for (let i = 0; i < timeOrder.length; i++) {
    const row = timeOrder[i] as number;
    const instant = instants[row] as number;
    const wall = Math.max(0, instant + zone.offsetAt(instant));
    const day = Math.floor(wall / DAY_SECONDS);
    days[row] = day;
    if (day < first) first = day;
    if (day > last) last = day;
    if (roles[rows.actors[row] as number] !== STUDENT) continue;
    const hour = Math.floor((wall - day * DAY_SECONDS) / 3600);
    (byHour[((day + 3) % 7) * 24 + hour] as number)++;
  }
  return { days, first: Math.min(first, last), last, byHour };
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
