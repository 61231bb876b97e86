import { InputInvalidError } from "@drover/processor-sdk";
import type { DetectedText } from "./detected-format.js";
import { type LogStore, type RejectedRow, rawRow } from "./kernel/index.js";
import { type MixedDates, reasonText } from "./outputs/rejected-rows.js";

/** Enough to find the row by, not so much that people's data travels in messages. */
const SHOWN_CHARACTERS = 60;

/**
 * Refuses a log of which nothing was loaded.
 * @param showsRows whether the message may hold cells of the log, which name people.
 * @throws {InputInvalidError} in words.
 */
export async function assertHasRows(text: DetectedText, store: LogStore, showsRows: boolean): Promise<void> {
  if (store.rows > 0) return;
  if (store.rejected.length > 0) {
    throw new InputInvalidError(
      `No row can be used: ${await describe(text, { read: store.rejected.length, rejected: store.rejected, showsRows })}`,
    );
  }
  throw new InputInvalidError(
    "The file has headings but no rows below them. Was the log filtered to nothing before the export?",
  );
}

/**
 * Refuses a log of which nothing, or too little, can be used.
 * @throws {InputInvalidError} in words.
 */
export async function assertUsable(text: DetectedText, log: RejectedRows, maxPercent: number): Promise<void> {
  const { read, rejected } = log;
  if (rejected.length === read) {
    throw new InputInvalidError(`No row can be used: ${await describe(text, log)}`);
  }
  const percent = (100 * rejected.length) / read;
  if (percent <= maxPercent) return;
  throw new InputInvalidError(
    `${percent.toFixed(1)} % of the rows cannot be used, more than the ${maxPercent} % allowed ` +
      "(max_rejected_percent): " +
      (await describe(text, log)),
  );
}

/** The rows that cannot be used, of how many. */
interface RejectedRows {
  readonly read: number;
  readonly rejected: readonly RejectedRow[];
  readonly showsRows: boolean;
  readonly mixedDates?: MixedDates;
}

async function describe(text: DetectedText, rows: RejectedRows): Promise<string> {
  const { read, rejected, mixedDates, showsRows } = rows;
  const counts = new Map<string, number>();
  for (const { reason } of rejected) {
    const words = reasonText(reason, mixedDates);
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const reasons = [...counts].map(([reason, count]) => `${count} × ${reason}`).join(", ");
  const first = rejected[0] as RejectedRow;
  const shown = showsRows ? `: ${(await rawRow(text, first)).slice(0, SHOWN_CHARACTERS)}` : ".";
  return (
    `${rejected.length} of ${read} rows rejected (${reasons}; ${text.layout.cells} cells were expected). ` +
    `The first is line ${first.line}${shown}`
  );
}
