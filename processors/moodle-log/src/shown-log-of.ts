import type { ClassifiedLog } from "./classify-log.js";
import type { LogStore } from "./kernel/index.js";
import type { ShownLog, Standing } from "./outputs/shown-log.js";
import type { Params } from "./params.js";
import type { ShownPeople } from "./people/shown-people.js";
import { groupPartOf } from "./rules/event-groups.js";

/** What was decided about the log and stands in the outputs. */
export function shownLogOf(
  params: Params,
  {
    store,
    log,
    people,
  }: { readonly store: LogStore; readonly log: ClassifiedLog; readonly people: ShownPeople },
): ShownLog {
  const standingOf = (isStaff: boolean, actor: number): Standing => {
    if (!isStaff) return "";
    return log.settled?.standings[actor] === "staff" ? "staff" : "probable_staff";
  };
  return {
    standings: log.isStaff.map(standingOf),
    courses: log.courses,
    people,
    kinds: store.kinds.map(({ component, eventName, isLoginAs }, kind) => ({
      component: people.inText(component),
      eventName: people.inText(eventName),
      isLoginAs,
      activity: log.classified[kind]?.activity ?? "Others",
      module: log.classified[kind]?.module ?? "",
    })),
    grouping: params.group_events
      ? { parts: log.classified.map(groupPartOf), sessionGapSeconds: params.session_gap_minutes * 60 }
      : undefined,
    timezone: params.timezone ?? "UTC",
    activityKey: params.activity_key,
    neutralizesFormulas: params.neutralize_formulas,
  };
}
