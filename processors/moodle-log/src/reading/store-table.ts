import { moduleOfComponent } from "../events/components.js";
import { nameOfClass } from "../events/core-events.js";
import { COLUMNS, type Column } from "./headings.js";

/**
 * Columns of Moodle's own table of the log, `mdl_logstore_standard_log`, that are used. The table holds for each
 * event what the report says in words.
 */
const STORE_COLUMNS = [
  "eventname",
  "component",
  "action",
  "target",
  "crud",
  "edulevel",
  "contextlevel",
  "contextinstanceid",
  "userid",
  "courseid",
  "relateduserid",
  "timecreated",
  "origin",
  "ip",
  "realuserid",
] as const;
type StoreColumn = (typeof STORE_COLUMNS)[number];

/** Whether a row holds the headings of Moodle's table of the log. */
export function isStoreTable(headings: readonly string[]): boolean {
  const names = headings.map(storeHeading);
  return ["eventname", "timecreated", "userid"].every((name) => names.includes(name));
}

function storeHeading(heading: string): string {
  return heading
    .replace(/^\ufeff/, "")
    .trim()
    .toLowerCase();
}

/** A row of a report, one cell a column of `COLUMNS`. */
export type ReportRow = readonly string[];

const CRUD: Readonly<Record<string, string>> = { c: "create", r: "read", u: "update", d: "delete" };
/** Moodle's numbers for whom an event is. */
const EDULEVEL: Readonly<Record<string, string>> = { 0: "other", 1: "teaching", 2: "participating" };
/** Moodle's number for the context of an activity. */
const MODULE_LEVEL = "70";

/** Reads rows of the table as rows of the report. */
export function storeReader(headings: readonly string[]): (cells: readonly string[]) => ReportRow {
  const names = headings.map(storeHeading);
  // Every column gets its position.
  const at = Object.fromEntries(STORE_COLUMNS.map((c) => [c, names.indexOf(c)])) as Record<
    StoreColumn,
    number
  >;
  const events = new Map<string, StoreEvent>();
  return (cells) => {
    const cell = (column: StoreColumn): string => {
      const text = cells[at[column]]?.trim() ?? "";
      return text === "NULL" || text === "\\N" ? "" : text;
    };
    const className = cell("eventname");
    const key = `${className} ${cell("action")} ${cell("target")} ${cell("crud")} ${cell("edulevel")}`;
    let event = events.get(key);
    if (event === undefined) {
      event = eventOfClass(className, cell);
      if (events.size < 10_000) events.set(key, event);
    }
    const row: Partial<Record<Column, string>> = {
      time: timeOf(cell("timecreated")),
      user_full_name: /^0?$/.test(cell("realuserid"))
        ? "-"
        : `user ${cell("realuserid")} as user ${cell("userid")}`,
      affected_user: "-",
      event_context: contextOf(event, cell),
      component: event.component,
      event_name: event.name,
      description: descriptionOf(event, cell),
      origin: cell("origin"),
      ip_address: cell("ip"),
    };
    return COLUMNS.map((column) => row[column] ?? "");
  };
}

/** What all rows of one class of event have in common. */
interface StoreEvent {
  readonly component: string;
  readonly name: string;
  readonly target: string;
  /** The sentence after the user, for a class that Moodle does not bring; empty for the others. */
  readonly deed: string;
  /** What the table says that a class declares of itself; the same. */
  readonly declared: string;
}

function eventOfClass(className: string, cell: (column: StoreColumn) => string): StoreEvent {
  const [plugin = "", last = ""] = className.replace(/^\\+/, "").split(/\\+event\\+/);
  const component = cell("component") || plugin;
  const target = cell("target").replaceAll("_", " ");
  const known = nameOfClass(component, last);
  if (known !== undefined) return { component, name: known, target, deed: "", declared: "" };
  const words = last.replaceAll("_", " ");
  const facts = [EDULEVEL[cell("edulevel")], CRUD[cell("crud")]];
  return {
    component,
    name: words.charAt(0).toUpperCase() + words.slice(1),
    target,
    deed: cell("action") === "" ? "" : ` ${cell("action").replaceAll("_", " ")} the ${target}`,
    declared: facts.includes(undefined) ? "" : ` (${facts.join(", ")})`,
  };
}

/** Seconds since 1970 as the report could show them; what is no number goes on as it is. */
function timeOf(cell: string): string {
  const seconds = /^\d{9,10}$/.test(cell) ? Number(cell) : Number.NaN;
  return Number.isNaN(seconds) ? cell : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** The course module of an event; empty for what happens in no activity. */
function moduleIdOf({ component, target }: StoreEvent, cell: (column: StoreColumn) => string): string {
  const level = cell("contextlevel");
  const isModule =
    level === ""
      ? moduleOfComponent(component) !== "" || target.startsWith("course module")
      : level === MODULE_LEVEL;
  return isModule && target !== "course module instance list" ? cell("contextinstanceid") : "";
}

function contextOf(event: StoreEvent, cell: (column: StoreColumn) => string): string {
  const module = moduleIdOf(event, cell);
  if (module !== "") return `Course module ${module}`;
  return /^0?$/.test(cell("courseid")) ? "System" : `Course ${cell("courseid")}`;
}

/**
 * The ids of an event in a sentence as the kernel reads them. Of a class that Moodle brings it has no verb, so that
 * the class decides what was done.
 */
function descriptionOf(event: StoreEvent, cell: (column: StoreColumn) => string): string {
  const [related, module, course] = [cell("relateduserid"), moduleIdOf(event, cell), cell("courseid")];
  const subject = event.deed === "" ? `Userid '${cell("userid")}':` : `The user with id '${cell("userid")}'`;
  return [
    subject,
    event.deed,
    /^0?$/.test(related) ? "" : ` for the user with id '${related}'`,
    /^0?$/.test(course) ? "" : ` in the course with id '${course}'`,
    module === "" ? "" : ` (course module id '${module}')`,
    event.declared,
    ".",
  ].join("");
}
