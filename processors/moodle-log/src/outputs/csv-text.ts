import { ACTIVITIES, levelOf } from "../rules/rules.js";
import { roleHint, type ShownKind, type Standing } from "./shown-log.js";

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

/** The columns that the enriched CSV always has. */
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

/** Which columns follow after those. */
export interface ExtraColumns {
  /** `actor_name`: the full name. */
  readonly names: boolean;
}

/** All columns of the enriched CSV, in order. */
export function csvColumns({ names }: ExtraColumns): readonly string[] {
  return [...CSV_COLUMNS, ...(names ? ["actor_name"] : [])];
}

/** The first line of the enriched CSV. */
export function csvHeader(extra: ExtraColumns): string {
  return `${csvColumns(extra).join(",")}\r\n`;
}

/** The cells from `activity` to `role_hint` of a row, between commas. */
export function kindCells(kind: ShownKind, standing: Standing): string {
  const { activity } = kind;
  const { isActive } = ACTIVITIES[activity];
  return `,${activity},${levelOf(activity)},${isActive ?? ""},${roleHint(kind, standing)},`;
}
