import type { Follow } from "../kernel/index.js";
import { ACTIVITY_NAMES } from "../rules/rules.js";

/** The whole of dfg.csv: which activity comes right after which in a case, the most frequent first. */
export function dfgCsv(follows: readonly Follow[]): string {
  const rows = [...follows]
    .sort((a, b) => b.count - a.count || a.from - b.from || a.to - b.to)
    .map(({ from, to, count, medianGapSeconds }) =>
      [ACTIVITY_NAMES[from], ACTIVITY_NAMES[to], count, medianGapSeconds].join(","),
    );
  return ["from,to,count,median_gap_seconds", ...rows, ""].join("\r\n");
}
