import type { ExtraColumns } from "../../outputs/csv-text.js";
import {
  type CaseBy,
  caseName,
  type OutputStyle,
  type ShownKind,
  STANDINGS,
  type Standing,
} from "../../outputs/shown-log.js";
import type { EventGroups } from "../arrange/grouped-events.js";
import type { NameColumns } from "../load/actor-table.js";
import type { LogRows } from "../load/log-store.js";
import { type TextColumn, textAt } from "../load/text-column.js";
import type { SharedColumn } from "../load/tuple-interner.js";
import type { LogText } from "../text/text-rows.js";

/**
 * The arranged log, as every thread that writes outputs needs it. Columns are shared memory; the rest, a few KiB, is
 * copied to each.
 */
export interface ExportSource extends LogText, OutputStyle {
  readonly kinds: readonly ShownKind[];
  /** By actor: how they are called, and their standing as a number into `STANDINGS`. */
  readonly actors: TextColumn;
  readonly standings: Uint8Array<SharedArrayBuffer>;
  /** By actor: 1 for somebody, whose events are a case. */
  readonly isPerson: Uint8Array<SharedArrayBuffer>;
  /** Kept rows by actor. */
  readonly eventsOfActor: SharedColumn;
  readonly places: ShownPlaces;
  readonly rows: LogRows;
  /** Seconds since 1970, UTC, by row. */
  readonly instants: SharedColumn;
  /** Rows in ascending time. */
  readonly timeOrder: SharedColumn;
  /** The same rows by case, ascending in time within each. */
  readonly caseOrder: SharedColumn;
  /** By case: where its rows end in `caseOrder`. */
  readonly caseEnds: SharedColumn;
  /** Case by row. */
  readonly cases: SharedColumn;
  readonly caseLabels: CaseLabels;
  /** Full names, when the CSV has a column of them. */
  readonly names: ShownNames | undefined;
  /** When events are put together to activities. */
  readonly groups: EventGroups | undefined;
  /** When ids and names are pseudonyms. What is text above has them already; the cells of the log do not. */
  readonly pseudonyms: PseudonymColumns | undefined;
}

/** Full names by actor: numbers into texts. */
export interface ShownNames {
  readonly ofActor: SharedColumn;
  readonly texts: TextColumn;
}

/** What threads make pseudonyms from. */
export interface PseudonymColumns {
  /** Secret. */
  readonly salt: string;
  readonly names: NameColumns;
}

/** Names of cases, by number, made when asked for: there can be as many as rows. */
export interface CaseLabels {
  readonly by: CaseBy;
  /** Actor by case. */
  readonly actors: SharedColumn;
  /** By case: the number of the course or of the session, or nothing. */
  readonly parts: SharedColumn;
}

/** What is shown of places: numbers into texts, by place. */
export interface ShownPlaces {
  readonly contextOf: SharedColumn;
  readonly courseOf: SharedColumn;
  readonly moduleIdOf: SharedColumn;
  readonly contexts: TextColumn;
  readonly courses: TextColumn;
  readonly moduleIds: TextColumn;
}

/** The standing in a number of `STANDINGS.length * kind + standing`. */
export function standingAt(number: number): Standing {
  return STANDINGS[number % STANDINGS.length] as Standing;
}

/** The name of a case by its number. */
export function caseLabel(
  { caseLabels, actors, places }: Pick<ExportSource, "caseLabels" | "actors" | "places">,
  caseNumber: number,
): string {
  const { by } = caseLabels;
  const part = caseLabels.parts[caseNumber] as number;
  return caseName(by, {
    actor: textAt(actors, caseLabels.actors[caseNumber] as number),
    part: by === "user_course" ? textAt(places.courses, part) : part,
  });
}

/** Which columns the CSV has besides those that it always has. */
export function columnsOf(source: Pick<ExportSource, "names" | "groups">): ExtraColumns {
  return { names: source.names !== undefined, groups: source.groups !== undefined };
}
