/** What a job file, or a line of an events log, may say of its job. Anything else in it is passed over. */
export const UPDATE_KEYS = [
  "job_id",
  "status",
  "created_at",
  "updated_at",
  "progress",
  "result",
  "error_message",
] as const;

/** What was said of a job, not looked at yet. A key that was not said is absent. */
export type Update = Readonly<Partial<Record<(typeof UPDATE_KEYS)[number], unknown>>>;

/** The update that a JSON value is; `undefined` when it is no object. */
export function updateOf(value: unknown): Update | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const said = UPDATE_KEYS.filter((key) => Object.hasOwn(value, key));
  return Object.fromEntries(said.map((key) => [key, Reflect.get(value, key)]));
}

/** Two updates as one: the last value of each key wins. */
export function merge(earlier: Update, later: Update): Update {
  return { ...earlier, ...later };
}

/**
 * What a job's file and its events log say together. Of both, the one with the later `updated_at` is the
 * later update; the log when they do not differ in that.
 */
export function mergeSources(file: Update | undefined, log: Update | undefined): Update {
  if (file === undefined || log === undefined) return file ?? log ?? {};
  const isFileLater = (parseTime(file.updated_at) ?? 0) > (parseTime(log.updated_at) ?? 0);
  return isFileLater ? merge(log, file) : merge(file, log);
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))?$/;

/**
 * The time that a text of RFC 3339 spells, in ms since the epoch, further digits cut off. Without an offset
 * it is in UTC, as the clocks of servers are. `undefined` for anything else, a day that no calendar has, and
 * a time before 1970.
 */
export function parseTime(value: unknown): number | undefined {
  const parts = typeof value === "string" ? TIME.exec(value) : null;
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const [, , , , , , , fraction = "", sign, offsetHours = "0", offsetMinutes = "0"] = parts;
  const ms = Date.UTC(
    year,
    month - 1,
    day,
    hour,
    minute,
    second,
    Number(fraction.slice(0, 3).padEnd(3, "0")),
  );
  const isOnCalendar = new Date(ms)
    .toISOString()
    .startsWith(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}`);
  const isOnClock = minute < 60 && second < 60 && Number(offsetHours) < 24 && Number(offsetMinutes) < 60;
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return isOnCalendar && isOnClock && ms - offsetMs >= 0 ? ms - offsetMs : undefined;
}
