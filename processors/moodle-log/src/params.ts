import { z } from "zod";
import { ownRule } from "./rules/rules.js";
import { DATE_ORDERS, type DateOrder } from "./time/date-order.js";
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
