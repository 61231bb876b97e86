import { ACTIVITIES, levelOf } from "../rules/rules.js";
import { roleHint, type ShownKind } from "./shown-log.js";

/** The columns that an output row takes from the log as they stand, in this order. */
export const COPIED_COLUMNS = [
  "affected_user",
  "event_context",
  "component",
  "event_name",
  "description",
  "origin",
  "ip_address",
] as const;

/** The columns of the enriched CSV. */
export const CSV_COLUMNS = [
  "case_id",
  "timestamp",
  "actor",
  ...COPIED_COLUMNS,
  "course",
  "module_type",
  "course_module_id",
  "activity",
  "bloom_level",
  "is_active",
  "role_hint",
  "source_line",
] as const;

/** The first line of the enriched CSV. */
export const CSV_HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

/** The cells from `activity` to `role_hint` of a row, between commas. */
export function kindCells(kind: ShownKind, isStaff: boolean): string {
  const { activity } = kind;
  const { isActive } = ACTIVITIES[activity];
  return `,${activity},${levelOf(activity)},${isActive ?? ""},${roleHint(kind, isStaff)},`;
}
