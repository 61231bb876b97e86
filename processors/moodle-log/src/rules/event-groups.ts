import type { Classified } from "./classify-event.js";

/** Activities that single events are put together to. */
export const EVENT_GROUPS = ["Quiz attempt", "Submission", "Reading session"] as const;
export type EventGroup = (typeof EVENT_GROUPS)[number];

/** Where an event stands in its activity; one that is all of it is both its start and its end. */
export const LIFECYCLES = ["inside", "start", "complete", "start complete"] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** What a kind of event is within a group. */
export interface GroupPart {
  readonly group: EventGroup;
  /** Always begins a new activity of the group. */
  readonly opens: boolean;
  /** Ends the activity. */
  readonly closes: boolean;
}

/** How events are put together to activities. */
export interface GroupSpec {
  /** By kind of event; `undefined` for one that stands for itself. */
  readonly parts: readonly (GroupPart | undefined)[];
  /** A longer pause begins another reading session. */
  readonly sessionGapSeconds: number;
}

const ATTEMPT_MODULES = new Set(["quiz", "hotpot", "game", "realtimequiz"]);

/**
 * The group of which a kind of event is a part; `undefined` when it stands for itself. A quiz attempt goes from its
 * start to the submit, a submission from the first work on it to the submit, and a reading session is all that is
 * read of one activity without a long pause.
 */
export function groupPartOf({ activity, module, action, object }: Classified): GroupPart | undefined {
  if (activity === "Assess_A" && ATTEMPT_MODULES.has(module)) {
    return {
      group: "Quiz attempt",
      opens: action === "started",
      closes: ["submitted", "abandoned", "finished", "ended"].includes(action),
    };
  }
  const isWork = activity === "Exercise_A" || (activity === "Exercise_P" && /\bform\b/.test(object));
  if (module === "assign" && isWork)
    return { group: "Submission", opens: false, closes: action === "submitted" };
  if (activity === "Study_P" || activity === "Study_A")
    return { group: "Reading session", opens: false, closes: false };
  return undefined;
}
