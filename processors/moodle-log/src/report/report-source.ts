import type { CountedLog, Follow } from "../kernel/index.js";
import type { Summary } from "../summary.js";
import type { ReportFigures } from "./report-figures.js";
import type { Wordings } from "./report-texts.js";
import type { ShownSpan } from "./shown-span.js";

/** What a report is made of. */
export interface ReportSource {
  readonly wordings: Wordings;
  readonly summary: Summary;
  readonly figures: ReportFigures;
  readonly calendar: CountedLog["calendar"];
  readonly shown: ShownSpan;
  /** Which activity of a student comes after which. */
  readonly follows: readonly Follow[];
  /** Names of the log's courses; those without one are left out. */
  readonly courses: readonly string[];
  /** First and last moment of the log, in seconds since 1970. */
  readonly span: readonly [first: number, last: number];
  readonly sessionGapMinutes: number;
}
