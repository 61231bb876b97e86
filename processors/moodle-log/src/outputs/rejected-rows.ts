import {
  type ArtifactFile,
  csvText,
  type LogText,
  type RejectedRow,
  type RejectReason,
  rawRows,
} from "../kernel/index.js";

const REASON_TEXTS: Readonly<Record<RejectReason, string>> = {
  open_quote: "a quoted cell is not closed properly",
  too_long: "longer than 1 MiB",
  cell_count: "wrong number of cells",
  unreadable_time: "unreadable time",
  impossible_date: "a date that does not exist",
  mixed_dates: "day and month mixed",
};

/** Two dates that show that day and month are mixed; `undefined` where none do. */
export type MixedDates = readonly [string, string] | undefined;

/** Why a row was rejected, in words. */
export function reasonText(reason: RejectReason, mixed: MixedDates): string {
  const examples =
    reason === "mixed_dates" && mixed !== undefined ? `: ${mixed[1]} and ${mixed[0]} both occur` : "";
  return `${REASON_TEXTS[reason]}${examples}`;
}

const BATCH = 500;

/**
 * Writes line, reason and raw text of each rejected row, in the order of the file.
 * @param options.showsText whether the raw text may stand there: nobody can tell what in it names people.
 */
export async function writeRejectedRows(
  artifact: ArtifactFile,
  log: {
    readonly text: LogText;
    readonly rejected: readonly RejectedRow[];
    readonly mixedDates: MixedDates;
  },
  options: { readonly neutralizes: boolean; readonly showsText: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { rejected } = log;
  await artifact.appendText("line,reason,raw\r\n");
  let batch = "";
  let written = 0;
  for await (const raw of rawRows(log.text, rejected)) {
    const { line, reason } = rejected[written++] as RejectedRow;
    const shown = options.showsText ? csvText(raw, options.neutralizes) : "";
    batch += `${line},${reasonText(reason, log.mixedDates)},${shown}\r\n`;
    if (written % BATCH !== 0 && written < rejected.length) continue;
    options.signal.throwIfAborted();
    await artifact.appendText(batch);
    batch = "";
  }
}
