import type { ClassifiedLog } from "./classify-log.js";
import { CountedLog, type CountSpec, type LogStore, type Use } from "./kernel/index.js";
import type { Params } from "./params.js";
import { sortOfContext } from "./places/context-name.js";
import type { Classified } from "./rules/classify-event.js";
import { ACTIVITY_NAMES } from "./rules/rules.js";

/** More module types than these are counted together, the most frequent apart. */
const MAX_MODULES = 40;
const REST = "other";

/** The counts of a log for its tables and its report, and what their numbers of module types stand for. */
export interface LogCounts {
  readonly counted: CountedLog;
  readonly modules: readonly string[];
}

/** Counts a log; activities are numbered as in `ACTIVITY_NAMES`. */
export function countLog(log: ClassifiedLog, store: LogStore, params: Params): LogCounts {
  const { classified, courses } = log;
  const modules = moduleTypes(log, store);
  const spec: CountSpec = {
    timezone: params.timezone ?? "UTC",
    activityOfKind: classified.map(({ activity }) => ACTIVITY_NAMES.indexOf(activity)),
    activityCount: ACTIVITY_NAMES.length,
    moduleOfKind: classified.map(({ module }) => {
      const number = modules.indexOf(module);
      return module === "" || number >= 0 ? number : modules.indexOf(REST);
    }),
    moduleCount: modules.length,
    useOfKind: classified.map(useOf),
    isStaff: log.isStaff,
    courseOfPlace: courses.ofPlace,
    courseCount: courses.names.length,
    sessionGapSeconds: params.session_gap_minutes * 60,
    sortOfContext,
  };
  return { counted: new CountedLog(log.arranged, store.places, spec), modules };
}

/** Module types by name; of more than `MAX_MODULES` the most frequent, and one for the rest. */
function moduleTypes(log: ClassifiedLog, store: LogStore): readonly string[] {
  const { kinds } = log.arranged.count({
    isMarked: log.classified.map(() => false),
    actors: store.actors.count,
  });
  const events = new Map<string, number>();
  for (const [kind, { module }] of log.classified.entries())
    if (module !== "") events.set(module, (events.get(module) ?? 0) + (kinds[kind] ?? 0));
  const frequent = [...events].sort((a, b) => b[1] - a[1]).map(([module]) => module);
  const own = frequent.slice(0, MAX_MODULES).sort();
  return frequent.length <= MAX_MODULES ? own : [...own.filter((module) => module !== REST), REST];
}

function useOf({ activity, isView }: Classified): Use {
  if (activity === "Teach" || activity === "System") return "none";
  return isView ? "view" : "action";
}
