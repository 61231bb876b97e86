import { type CaseBy, caseName, type ShownLog } from "../../outputs/shown-log.js";
import type { LogRows, SharedColumn } from "../load/log-store.js";
import type { LogText } from "../text/text-rows.js";

/**
 * The arranged log, as every thread that writes outputs needs it. Columns are shared memory; the rest is
 * copied to each.
 */
export interface ExportSource extends LogText, ShownLog {
  readonly rows: LogRows;
  /** Seconds since 1970, UTC, by row. */
  readonly instants: SharedColumn;
  /** Rows in ascending time. */
  readonly timeOrder: SharedColumn;
  /** The same rows by case, ascending in time within each. */
  readonly caseOrder: SharedColumn;
  /** Case by row. */
  readonly cases: SharedColumn;
  readonly caseLabels: CaseLabels;
  /** How many pieces of output can be waiting to be written. */
  readonly piecesAhead: number;
}

/** Names of cases, by number, made when asked for: there can be as many as rows. */
export interface CaseLabels {
  readonly by: CaseBy;
  /** Actor by case. */
  readonly actors: SharedColumn;
  /** By case: a number into `courses`, the session's number, or nothing. */
  readonly parts: SharedColumn;
  readonly courses: readonly string[];
}

/** The name of a case by its number. */
export function caseLabel(source: Pick<ExportSource, "caseLabels" | "actors">, caseNumber: number): string {
  const { by, actors, parts, courses } = source.caseLabels;
  const actor = source.actors[actors[caseNumber] as number]?.label ?? "unknown";
  return caseName(by, { actor, part: parts[caseNumber] as number }, courses);
}
