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
  /** `group`, `group_instance` and `lifecycle`: the activity of which the event is a part. */
  readonly groups: boolean;
}

const GROUP_COLUMNS = ["group", "group_instance", "lifecycle"];

/** All columns of the enriched CSV, in order. */
export function csvColumns({ names, groups }: ExtraColumns): readonly string[] {
  return [...CSV_COLUMNS, ...(names ? ["actor_name"] : []), ...(groups ? GROUP_COLUMNS : [])];
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

/** The cells of `GROUP_COLUMNS` with commas before them; an event that stands for itself is complete at once. */
export function groupCells(
  part: { readonly group: string; readonly instance: number; readonly lifecycle: string } | undefined,
): string {
  return part === undefined ? ",,,complete" : `,${part.group},${part.instance},${part.lifecycle}`;
}
