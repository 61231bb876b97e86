import { readFileSync } from "node:fs";
import { type Activity, levelOf } from "../src/rules/rules.js";

/** One event of the labelled set: as Moodle writes it, and what it is. */
export interface LabelledEvent {
  /** Versions of Moodle that write so (`3`, `4-5`), or `plugin`. */
  readonly moodle: string;
  readonly component: string;
  readonly eventName: string;
  readonly description: string;
  /** Whether the actor acts on the work of somebody else. */
  readonly onAnother: boolean;
  readonly expected: Activity;
}

/**
 * The labelled set: `labelled-events.tsv`, a line once for what somebody does to what is their own, and once for what
 * is another's where that is told or makes a difference. The labels go by the table of docs/moodle-log.md and by who
 * can do such a thing in Moodle, whatever the rules say.
 */
export function labelledEvents(): readonly LabelledEvent[] {
  const text = readFileSync(new URL("./labelled-events.tsv", import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [moodle = "", component = "", eventName = "", description = "", own, another = ""] =
        line.split("\t");
      const event = { moodle, component, eventName, description };
      return [
        { ...event, onAnother: false, expected: own },
        { ...event, onAnother: true, expected: another },
      ].filter((one): one is LabelledEvent => one.expected !== "");
    });
}

/** What of an event the log shows: all; no names that are known; no description. */
export type Shown = "all" | "description" | "names";

/** A log of labelled events, newest first: of Ana (5) on herself, and on Bruno (6). */
export function logOfLabelled(events: readonly LabelledEvent[], shown: Shown): string {
  const lines = events.map((event, index) => {
    const { onAnother } = event;
    const description = event.description.replaceAll("{u}", "5").replaceAll("{r}", onAnother ? "6" : "5");
    const cells = [
      time(events.length - index),
      "Ana",
      onAnother ? "Bruno" : event.description.includes("{r}") ? "Ana" : "-",
      "Course: Algorithms",
      shown === "description" ? "Ukendt" : event.component,
      shown === "description" ? "Ukendt" : event.eventName,
      shown === "names" ? "" : description,
      "web",
      "192.0.2.1",
    ];
    return cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
  });
  return [HEADINGS, ...lines, ""].join("\n");
}

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

function time(second: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `22/08/24, ${two(10 + Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
}

const COLUMNS = ["Remember", "Understand", "Apply", "Evaluate", "Create", "N/A", "Others"] as const;

/** Counts of levels that were found, a row for each level that is right, as a table in Markdown. */
export function confusionTable(
  events: readonly LabelledEvent[],
  found: readonly string[],
): { readonly table: string; readonly wrongLevels: number; readonly others: number } {
  const nameOf = (activity: string) => (activity === "Others" ? "Others" : levelOf(activity as Activity));
  const counts = new Map<string, number>();
  for (const [index, { expected }] of events.entries()) {
    const key = `${nameOf(expected)} ${nameOf(found[index] ?? "")}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = COLUMNS.slice(0, -1).map((right) => {
    const cells = COLUMNS.map((column) => counts.get(`${right} ${column}`) ?? "");
    return `| ${right} | ${cells.join(" | ")} |`;
  });
  const wrongLevels = events.filter(
    ({ expected }, index) => levelOf(expected) !== levelOf(found[index] as Activity),
  ).length;
  return {
    table: [
      `| right ↓ found → | ${COLUMNS.join(" | ")} |`,
      `|---|${COLUMNS.map(() => "--:|").join("")}`,
      ...rows,
    ].join("\n"),
    wrongLevels,
    others: found.filter((activity) => activity === "Others").length,
  };
}
