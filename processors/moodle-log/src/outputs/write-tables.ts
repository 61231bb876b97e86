import type { LogCounts } from "../count-log.js";
import {
  type ArtifactFile,
  type CountedLog,
  type OutputFiles,
  type PersonCounts,
  rfc3339In,
} from "../kernel/index.js";
import { ACTIVITIES_HEADER, activityRow, type ShownResource, shownResource } from "./activities-csv.js";
import { dfgCsv } from "./dfg-csv.js";
import { studentRow, studentsHeader } from "./students-csv.js";

/** How the tables show a log, and who else wants what stands in them. */
export interface TableOptions {
  /** IANA name of the time zone in which times are written. */
  readonly timezone: string;
  readonly neutralizesFormulas: boolean;
  /** What the `actor` column shows of an actor. */
  readonly labelOf: (actor: number) => string;
  /** The full name of an actor; without it there is no column of names. */
  readonly nameOf?: (actor: number) => string;
  /** How a context is shown. */
  readonly contextOf: (context: string) => string;
  /** Names by number of a course. */
  readonly courses: readonly string[];
  readonly signal: AbortSignal;
  /** Called for each person; the counts are only good until it returns. */
  readonly onPerson: (person: PersonCounts) => void;
  readonly onResource: (resource: ShownResource) => void;
  /** Called now and then with the rows that have been written. */
  readonly onRows: (rows: number) => void;
}

const BATCH_CHARACTERS = 1 << 17;

/**
 * Writes students.csv, activities.csv and dfg.csv.
 * @returns what stands in the last, and the same of students alone.
 */
export async function writeTables(
  { counted, modules }: LogCounts,
  outputs: OutputFiles,
  options: TableOptions,
): Promise<ReturnType<CountedLog["follows"]>> {
  const style = { ...options, momentOf: rfc3339In(options.timezone) };
  const { mondays, hasOthers } = counted.calendar.weeks;
  const hasNames = options.nameOf !== undefined;
  const columns = { modules, mondays, hasOtherWeeks: hasOthers, hasNames };
  const students = outputs.open("students.csv");
  await students.appendText(studentsHeader(columns));
  await appendRows(students, counted.people(), {
    ...options,
    rowOf: (person) => {
      options.onPerson(person);
      return studentRow(person, columns, style);
    },
  });
  const activities = outputs.open("activities.csv");
  await activities.appendText(ACTIVITIES_HEADER);
  await appendRows(activities, counted.resources(), {
    ...options,
    rowOf: (use) => {
      const shown = { ...use, context: options.contextOf(use.context) };
      const resource = shownResource(shown, { modules, courses: options.courses });
      options.onResource(resource);
      return activityRow(resource, style);
    },
  });
  const follows = counted.follows();
  await outputs.open("dfg.csv").appendText(dfgCsv(follows.all));
  return follows;
}

async function appendRows<T>(
  file: ArtifactFile,
  things: Iterable<T>,
  options: Pick<TableOptions, "signal" | "onRows"> & { readonly rowOf: (thing: T) => string },
): Promise<void> {
  let batch = "";
  let rows = 0;
  const append = async () => {
    options.signal.throwIfAborted();
    await file.appendText(batch);
    options.onRows(rows);
    batch = "";
    rows = 0;
  };
  for (const thing of things) {
    batch += options.rowOf(thing);
    rows++;
    if (batch.length >= BATCH_CHARACTERS) await append();
  }
  await append();
}
