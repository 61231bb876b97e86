/**
 * What an event is, after the pedagogical levels of Bloom's revised taxonomy; the table of
 * docs/moodle-log.md.
 */
export const ACTIVITIES = {
  Study_P: { level: "Remember", isActive: false },
  Study_A: { level: "Understand", isActive: true },
  Exercise_P: { level: "Apply", isActive: false },
  Exercise_A: { level: "Apply", isActive: true },
  Assess_P: { level: "Evaluate", isActive: false },
  Assess_A: { level: "Evaluate", isActive: true },
  Synthesize: { level: "Create", isActive: true },
  Interact: { level: undefined, isActive: true },
  Feedback: { level: undefined, isActive: true },
  View: { level: undefined, isActive: false },
  Teach: { level: undefined, isActive: undefined },
  System: { level: undefined, isActive: undefined },
  Others: { level: undefined, isActive: undefined },
} as const satisfies Readonly<
  Record<string, { level: BloomLevel | undefined; isActive: boolean | undefined }>
>;

export type BloomLevel = "Remember" | "Understand" | "Apply" | "Analyze" | "Evaluate" | "Create";
export type Activity = keyof typeof ACTIVITIES;

export const ACTIVITY_NAMES = Object.keys(ACTIVITIES) as [Activity, ...Activity[]];

/** The level as it is written in the outputs; `N/A` for an activity without one. */
export function levelOf(activity: Activity): BloomLevel | "N/A" {
  return ACTIVITIES[activity].level ?? "N/A";
}
