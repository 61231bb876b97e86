import { z } from "zod";
import { participantsParam } from "./people/participants.js";
import { ownRule } from "./rules/rules.js";
import { DATE_ORDERS, type DateOrder } from "./time/date-order.js";
import { MOMENT } from "./time/period.js";
import { isTimeZone } from "./time/zone.js";

/**
 * The order of day, month and year that a `date_format` names: by its first d, m and y, so `dmy`,
 * `DD/MM/YYYY` and `%d/%m/%y %H:%M` are the same. `undefined` when it names none.
 */
export function orderOfFormat(format: string): DateOrder | undefined {
  const date = format.toLowerCase().replace(/h+.*$/, "");
  const letters = [...date.replace(/[^dmy]/g, "")].filter((letter, i, all) => all.indexOf(letter) === i);
  return DATE_ORDERS.find((order) => order === letters.join(""));
}

/**
 * Texts that `orderOfFormat` names an order for, as a schema can say it: the first letters of d, m and y,
 * before any hour, in this order.
 */
function orderPattern([first = "", second = "", third = ""]: readonly string[]): string {
  const any = (letter: string) => `[${letter}${letter.toUpperCase()}]`;
  const but = (...letters: readonly string[]) =>
    `[^${[...letters, "h"].map((l) => l + l.toUpperCase()).join("")}]*`;
  return `${but("d", "m", "y")}${any(first)}${but(second, third)}${any(second)}${but(third)}${any(third)}`;
}
const DATE_FORMAT = new RegExp(`^(auto$|${DATE_ORDERS.map((order) => orderPattern([...order])).join("|")})`);

const moment = z.string().regex(MOMENT, {
  error: "Neither a day, as 2024-09-01, nor a moment, as 2024-09-01T08:00:00 or 2024-09-01T08:00:00+01:00",
});

/** The params of `moodle-log`. None is needed: whatever is left out is detected or has a default. */
export const paramsSchema = z.strictObject({
  timezone: z
    .string()
    .refine(isTimeZone, {
      error: "Not a time zone of the IANA database, as Europe/Lisbon or America/Sao_Paulo",
    })
    .meta({ format: "iana-time-zone" })
    .optional()
    .describe(
      "Time zone of the person who exported the log (IANA name, as Europe/Lisbon). Default: UTC, " +
        "reported as assumed",
    ),
  date_format: z
    .string()
    .max(60)
    .regex(DATE_FORMAT, {
      error: "Not a date format: auto, or day, month and year in their order, as dmy, mdy, ymd or DD/MM/YYYY",
    })
    .default("auto")
    .describe(
      "Order of day, month and year: auto, dmy, mdy, ymd, or a pattern as DD/MM/YYYY. Default: decided " +
        "on the whole column",
    ),
  year: z
    .int()
    .min(1990)
    .max(2100)
    .optional()
    .describe(
      "Year of the newest row of a log whose dates have no year. Default: the latest in which it is not in the future",
    ),
  case: z
    .enum(["user", "user_course", "session"])
    .default("user")
    .describe(
      "What a case (a trace) is: all events of a user, of a user in one course, or of one session of a user",
    ),
  session_gap_minutes: z
    .number()
    .min(1)
    .max(10_080)
    .default(30)
    .describe(
      "A pause longer than this, in minutes, begins a new session: a case with case = session, and in students.csv",
    ),
  activity_key: z
    .enum(["activity", "event_name", "component_event"])
    .default("activity")
    .describe(
      "What concept:name of an event is in XES: the activity, the event name, or component and event name",
    ),
  exclude_staff: z
    .boolean()
    .default(false)
    .describe(
      "Drop all events of users who ever do something that only staff do; they are counted and listed",
    ),
  exclude_users: z
    .array(z.string().min(1).max(200))
    .max(300)
    .default([])
    .describe("Drop all events of these users: user ids, or full names as they stand in the log"),
  group_events: z
    .boolean()
    .default(false)
    .describe(
      "Put single events together to activities: quiz attempts, submissions, and reading sessions. In XES each has a " +
        "start and a complete event in place of the single ones; the tables say of which activity an event is a part",
    ),
  parquet: z
    .boolean()
    .default(false)
    .describe("Write the table of events as enriched_log.parquet, too, for pandas, DuckDB, R or Spark"),
  ocel: z
    .boolean()
    .default(false)
    .describe(
      "Write the events as ocel.json, too: an object-centric event log (OCEL 2.0) of students, modules, attempts and courses",
    ),
  pseudonymize: z
    .enum(["off", "with_key", "without_key"])
    .default("off")
    .describe(
      "Put pseudonyms in place of names and user ids in every output, and leave IP addresses out. with_key adds " +
        "pseudonym_key.csv, which tells who is who: keep it apart",
    ),
  pseudonym_salt: z
    .string()
    .min(16)
    .max(200)
    .optional()
    .describe(
      "With pseudonymize: a secret of 16 characters or more. The same secret gives the same pseudonyms in another " +
        "log, so that two can be joined. It stands in no output. Default: a random one for each run",
    ),
  names: z
    .boolean()
    .optional()
    .describe(
      "Whether the full name of who acted is a column of the tables (actor_name). Default: yes, and never when " +
        "pseudonymised",
    ),
  from: moment
    .optional()
    .describe(
      "Leave out what is earlier: a day (2024-09-01; that day counts), or a moment (2024-09-01T08:00:00, in the " +
        "log's time zone unless it has an offset; what is exactly then counts)",
    ),
  to: moment
    .optional()
    .describe(
      "Leave out what is later: a day (2024-12-20; all of that day counts), or a moment (2024-12-20T12:00:00; what " +
        "is exactly then does not count)",
    ),
  roles: participantsParam
    .optional()
    .describe(
      "Who is who, as the participants list of the course tells it; settles who is staff. The text of a CSV with " +
        "columns for ID or full name (or first and last name) and for roles or groups; or roles by user id or name, as " +
        '{"5104": "Teacher"}; or a list, as [{"name": "Ana Silva", "role": "Student", "group": "A"}]. Who is not in it ' +
        "is judged by what they do. A longer list goes into a ZIP beside the log",
    ),
  groups: z
    .array(z.string().min(1).max(200))
    .max(100)
    .default([])
    .describe("Keep only events of people who are in one of these groups; roles tells who is"),
  courses: z
    .array(z.string().min(1).max(300))
    .max(100)
    .default([])
    .describe(
      "Keep only events of these courses: course ids, or names, in which * stands for any characters",
    ),
  drop_duplicates: z
    .boolean()
    .default(false)
    .describe(
      "Keep one of several rows that are the same in every cell; they are counted. They can be real: a " +
        "log has no event ids",
    ),
  rules: z
    .array(ownRule)
    .max(60)
    .default([])
    .describe("Rules of your own, tried in order before the built-in ones; the first that matches decides"),
  neutralize_formulas: z
    .boolean()
    .default(true)
    .describe("Put an apostrophe before CSV cells that a spreadsheet would run as a formula"),
  max_rejected_percent: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe("Fail when more than this share of the rows cannot be used"),
});

export type Params = z.infer<typeof paramsSchema>;
