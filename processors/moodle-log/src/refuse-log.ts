import { InputInvalidError } from "@drover/processor-sdk";
import type { DetectedText } from "./detected-format.js";
import {
  type Limited,
  LOG_LIMITS,
  type LogStore,
  LogTooLargeError,
  type RejectedRows,
  type RejectReason,
  rawRow,
} from "./kernel/index.js";
import { type MixedDates, reasonText } from "./outputs/rejected-rows.js";

/** Enough to find the row by, not so much that people's data travels in messages. */
const SHOWN_CHARACTERS = 60;

const TOO_MANY: Readonly<Record<Limited, string>> = {
  rows: `more than ${LOG_LIMITS.rows} events`,
  kinds: `more than ${LOG_LIMITS.kinds} different kinds of event, where Moodle has some hundreds`,
  people: `more than ${LOG_LIMITS.people} different people`,
  contexts: `more than ${LOG_LIMITS.contexts} different contexts`,
  courses: `more than ${LOG_LIMITS.courses} different courses`,
  ids: `more than ${LOG_LIMITS.ids} different ids`,
  texts: "more names of people, contexts and courses than fit into memory",
};

/** What is told of a log that could not be loaded: a refusal in words when it has too much of something. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof LogTooLargeError)) return error;
  return new InputInvalidError(
    `The log has ${TOO_MANY[error.what]}. Export it in parts, by course or by day, and send each by itself.`,
    { cause: error },
  );
}

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
export async function assertUsable(text: DetectedText, log: UnusableRows, maxPercent: number): Promise<void> {
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
interface UnusableRows {
  readonly read: number;
  readonly rejected: RejectedRows;
  readonly showsRows: boolean;
  readonly mixedDates?: MixedDates;
}

async function describe(text: DetectedText, rows: UnusableRows): Promise<string> {
  const { read, rejected, mixedDates, showsRows } = rows;
  // The keys of `byReason` are reasons.
  const reasons = Object.entries(rejected.byReason).map(
    ([reason, count]) => `${count} × ${reasonText(reason as RejectReason, mixedDates)}`,
  );
  const [first] = rejected;
  const shown =
    first === undefined || !showsRows ? "." : `: ${(await rawRow(text, first)).slice(0, SHOWN_CHARACTERS)}`;
  return (
    `${rejected.length} of ${read} rows rejected (${reasons.join(", ")}; ${text.layout.cells} cells were ` +
    `expected). The first is line ${first?.line}${shown}`
  );
}

/**
 * The same refusal without what it quotes of the file's first row, which names somebody when it is no row of
 * headings.
 */
export function withoutCells(error: unknown): unknown {
  if (!(error instanceof InputInvalidError)) return error;
  return new InputInvalidError(error.message.replace(/ Found: .*?\.(?= Looked for| Is this|$)/s, ""));
}
