import {
  type EventGroup,
  type GroupPart,
  type GroupSpec,
  LIFECYCLES,
  type Lifecycle,
} from "../../rules/event-groups.js";
import type { SharedColumn } from "../load/tuple-interner.js";
import type { ExportSource } from "../write/export-source.js";

/** Where an event stands in its activity, as numbers to be added up. */
export const INSIDE = 0;
export const START = 1;
export const COMPLETE = 2;

/** Events put together to activities; columns by row, in shared memory. */
export interface EventGroups {
  /** Number of the activity, from 1; 0 for an event that stands for itself. */
  readonly instances: SharedColumn;
  /** `INSIDE`, or `START` and `COMPLETE` added up. */
  readonly roles: Uint8Array<SharedArrayBuffer>;
  /** By kind. */
  readonly groupOfKind: readonly (EventGroup | undefined)[];
}

/** Events that still belong to what was closed: Moodle writes several of one deed. */
const AFTER_CLOSE_SECONDS = 60;

/** An activity that goes on. */
interface OpenActivity {
  readonly instance: number;
  lastRow: number;
  lastInstant: number;
  closedAt: number;
}

/** Puts the events of each case together: those of one group in one context, from a start to an end. */
export function groupEvents(source: Omit<ExportSource, "groups">, spec: GroupSpec): EventGroups {
  const { rows, instants, places, caseOrder, cases } = source;
  const instances = new Uint32Array(new SharedArrayBuffer(rows.count * 4));
  const roles = new Uint8Array(new SharedArrayBuffer(rows.count));
  const open = new Map<string, OpenActivity>();
  let count = 0;
  const complete = ({ lastRow }: OpenActivity) => {
    roles[lastRow] = (roles[lastRow] as number) | COMPLETE;
  };
  const begin = (key: string, row: number): OpenActivity => {
    const activity = { instance: ++count, lastRow: row, lastInstant: 0, closedAt: Number.POSITIVE_INFINITY };
    open.set(key, activity);
    roles[row] = START;
    return activity;
  };
  let before = -1;
  for (let i = 0; i < caseOrder.length; i++) {
    const row = caseOrder[i] as number;
    const caseNumber = cases[row] as number;
    if (caseNumber !== before) {
      for (const activity of open.values()) complete(activity);
      open.clear();
      before = caseNumber;
    }
    const part = spec.parts[rows.kinds[row] as number];
    if (part === undefined) continue;
    const place = rows.places[row] as number;
    const key = `${part.group} ${places.courseOf[place]} ${places.contextOf[place]}`;
    const instant = instants[row] as number;
    let activity = open.get(key);
    if (activity !== undefined && isOver(activity, instant, { ...part, ...spec })) {
      complete(activity);
      activity = undefined;
    }
    activity ??= begin(key, row);
    instances[row] = activity.instance;
    activity.lastRow = row;
    activity.lastInstant = instant;
    if (part.closes) activity.closedAt = instant;
  }
  for (const activity of open.values()) complete(activity);
  return { instances, roles, groupOfKind: spec.parts.map((part) => part?.group) };
}

/** Whether the next event of its group and context begins another activity. */
function isOver(
  { lastInstant, closedAt }: OpenActivity,
  instant: number,
  part: Pick<GroupPart, "opens" | "group"> & Pick<GroupSpec, "sessionGapSeconds">,
): boolean {
  if (part.opens || instant - closedAt > AFTER_CLOSE_SECONDS) return true;
  return part.group === "Reading session" && instant - lastInstant > part.sessionGapSeconds;
}

/** An event as a part of an activity. */
export interface ShownPart {
  readonly group: EventGroup;
  readonly instance: number;
  readonly lifecycle: Lifecycle;
}

/** The part that a row is, of which activity; `undefined` for one that stands for itself. */
export function partAt(groups: EventGroups, row: number, kind: number): ShownPart | undefined {
  const instance = groups.instances[row] as number;
  const group = groups.groupOfKind[kind];
  if (instance === 0 || group === undefined) return undefined;
  return { group, instance, lifecycle: LIFECYCLES[groups.roles[row] as number] ?? "inside" };
}
