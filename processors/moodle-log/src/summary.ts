import type { RejectReason, YearBasis } from "./kernel/index.js";
import type { CaseBy } from "./outputs/shown-log.js";
import type { SettledPeople } from "./people/settled-people.js";
import type { Activity } from "./rules/rules.js";
import type { DroppedCounts } from "./select-events.js";

/** Rows of the file and what became of them: read = kept + rejected + dropped. */
export interface RowCounts {
  readonly read: number;
  readonly kept: number;
  /** Kept rows with a Bloom level. */
  readonly bloom: number;
  readonly rejected: number;
  readonly rejected_by_reason: Partial<Record<RejectReason, number>>;
  readonly dropped: DroppedCounts;
}

/** What was decided about the file, and from what. */
export interface DetectedFormat {
  /** As `xlsx`; by content, not by name. */
  readonly file_format: string;
  /** Whether it is Moodle's own table of the log. */
  readonly log_store: boolean;
  /** The sheets or files that were read, and the source line of the first row of each; empty for a single CSV. */
  readonly tables: readonly { readonly name: string; readonly first_line: number }[];
  readonly encoding: string;
  readonly delimiter: "comma" | "semicolon" | "tab" | "none";
  readonly language: string;
  readonly recognised_by: "headings" | "order";
  readonly headings: readonly string[];
  readonly columns: Readonly<Record<string, number>>;
  readonly date_format: {
    readonly format: string;
    readonly order: string;
    readonly certainty: string;
    readonly reason: string;
  };
  readonly timezone: { readonly name: string; readonly assumed: boolean };
  readonly years_reckoned: boolean;
  /** From what the years of dates without one were found. */
  readonly years_by: YearBasis | null;
}

/** Somebody who teaches: probably, by what they do, or as the participants list says. */
export interface StaffMember {
  readonly actor: string;
  readonly name: string;
  /** Present when the list says so. */
  readonly by?: "roles";
  readonly events: number;
  readonly teaching_events: number;
}

/** Some of the kept events, and of those with a Bloom level: how many, and what share. */
export interface EventShare {
  readonly events: number;
  readonly percent: number;
  readonly bloom: number;
  readonly bloom_percent: number;
}

/** An event that no rule knows. */
export interface UnknownPair {
  readonly component: string;
  readonly event_name: string;
  readonly count: number;
}

/** People of a participants list. */
export interface RoleCounts {
  readonly listed: number;
  /** Of them, those who act in the log. */
  readonly matched: number;
  /** Actors of the log who are staff, and who are not, as the list says. */
  readonly staff: number;
  readonly students: number;
}

/** What a participants list settled, in numbers. */
export function describeRoles({ listed, matched, standings }: SettledPeople): RoleCounts {
  const count = (wanted: "staff" | "student") => standings.filter((standing) => standing === wanted).length;
  return { listed, matched, staff: count("staff"), students: count("student") };
}

/** What summary.json holds. */
export interface Summary {
  readonly processor: { readonly name: string; readonly version: string };
  readonly input: { readonly filename: string | null; readonly size_bytes: number; readonly sha256: string };
  readonly rows: RowCounts;
  readonly detected: DetectedFormat;
  readonly span: { readonly first: string; readonly last: string } | null;
  readonly users: number;
  /** Events that stand in the CSV and in no case of the XES, since nobody known did them. */
  readonly without_case: Readonly<Record<"unknown" | "system", EventShare>>;
  readonly cases: { readonly by: CaseBy; readonly count: number; readonly with_bloom: number };
  readonly events_by_activity: Readonly<Partial<Record<Activity, number>>>;
  readonly events_by_level: Readonly<Record<string, number>>;
  readonly events_by_rule: Readonly<Record<string, number>>;
  readonly events_by_component: Readonly<Record<string, number>>;
  readonly others_percent: number;
  readonly unknown_pairs: readonly UnknownPair[];
  readonly probable_staff: readonly StaffMember[];
  /** What the participants list settled; absent without one. */
  readonly roles?: RoleCounts;
  readonly dropped_xml_characters: number;
  readonly warnings: readonly string[];
  readonly params: unknown;
}

const HEAD_LIST = 20;
const HEAD_TEXT = 200;

/**
 * The summary as the job's result: lists cut short so that it stays a few KiB, with a note of what was cut.
 */
export function summaryHead(summary: Summary): unknown {
  const { params: _params, ...rest } = summary;
  return {
    ...rest,
    detected: {
      ...rest.detected,
      tables: rest.detected.tables.slice(0, HEAD_LIST).map((table) => ({
        ...table,
        name: table.name.slice(0, HEAD_TEXT),
      })),
      headings: rest.detected.headings.slice(0, 12).map((heading) => heading.slice(0, HEAD_TEXT)),
    },
    events_by_component: Object.fromEntries(
      Object.entries(rest.events_by_component)
        .slice(0, HEAD_LIST)
        .map(([component, count]) => [component.slice(0, HEAD_TEXT), count]),
    ),
    unknown_pairs: rest.unknown_pairs.slice(0, HEAD_LIST).map((pair) => ({
      component: pair.component.slice(0, HEAD_TEXT),
      event_name: pair.event_name.slice(0, HEAD_TEXT),
      count: pair.count,
    })),
    unknown_pairs_total: rest.unknown_pairs.length,
    probable_staff: rest.probable_staff.slice(0, HEAD_LIST).map((member) => ({
      ...member,
      actor: member.actor.slice(0, HEAD_TEXT),
      name: member.name.slice(0, HEAD_TEXT),
    })),
    probable_staff_total: rest.probable_staff.length,
    warnings: rest.warnings.slice(0, HEAD_LIST).map((warning) => warning.slice(0, 1000)),
  };
}

/** Counts with the largest first; equal ones by name. */
export function sortedCounts(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
