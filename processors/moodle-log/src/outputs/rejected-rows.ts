import {
  type ArtifactFile,
  csvText,
  type LogText,
  type RejectedRows,
  type RejectReason,
  rawRows,
} from "../kernel/index.js";

const REASON_TEXTS: Readonly<Record<RejectReason, string>> = {
  open_quote: "a quoted cell is not closed properly",
  too_long: "longer than 1 MiB",
  cell_count: "wrong number of cells",
  serial_number: "a serial number of a spreadsheet such as 45526.57 instead of a date",
  hashes: "######## instead of a date: its column was too narrow when the spreadsheet saved it",
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
 * Writes line, reason and raw text of each rejected row that is listed, in the order of the file.
 * @param options.showsText whether the raw text may stand there: nobody can tell what in it names people.
 */
export async function writeRejectedRows(
  artifact: ArtifactFile,
  log: {
    readonly text: LogText;
    readonly rejected: RejectedRows;
    readonly mixedDates: MixedDates;
  },
  options: { readonly neutralizes: boolean; readonly showsText: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { rejected } = log;
  await artifact.appendText("line,reason,raw\r\n");
  const rows = rejected[Symbol.iterator]();
  let batch = "";
  let written = 0;
  for await (const raw of rawRows(log.text, rejected)) {
    const row = rows.next();
    if (row.done === true) break;
    const { line, reason } = row.value;
    const shown = options.showsText ? csvText(raw, options.neutralizes) : "";
    batch += `${line},${reasonText(reason, log.mixedDates)},${shown}\r\n`;
    if (++written % BATCH !== 0 && written < rejected.listed) continue;
    options.signal.throwIfAborted();
    await artifact.appendText(batch);
    batch = "";
  }
  const unlisted = rejected.length - rejected.listed;
  if (unlisted > 0) await artifact.appendText(`,${unlisted} more rows that are not listed,\r\n`);
}
