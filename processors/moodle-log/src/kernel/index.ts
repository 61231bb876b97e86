/**
 * The kernel: everything about a log that goes by bytes and columns, since a log has millions of rows.
 * MEMORY.md beside this file draws it. What the bytes mean is told by plain functions of the field
 * (`readWording`, `readName`, `readTimeWord`, `kindCells`, `kindXml` …), which the kernel calls once for each
 * distinct value; only text, numbers and lists of them go in and out here.
 *
 * In order: `openText` → `headRows` → `createPool` → `loadLog` → `DatedLog` → `ArrangedLog` → `openExport` →
 * `writeCsv`, `writeXes`; and `CountedLog` for tables and the report.
 */
export type { ArrangedLog } from "./arrange/arranged-log.js";
export { DatedLog } from "./arrange/dated-log.js";
export type { YearBasis } from "./arrange/reckon-years.js";
export type { ContextSort, CountSpec, Use } from "./count/count-spec.js";
export { CountedLog } from "./count/counted-log.js";
export type { Follow } from "./count/follow-graph.js";
export type { PersonCounts } from "./count/person-counts.js";
export type { ResourceUse } from "./count/resource-tally.js";
export { wordingOf } from "./load/description-splitter.js";
export { loadLog } from "./load/load-log.js";
export { type Limited, LOG_LIMITS, LogTooLargeError } from "./load/log-limits.js";
export type { LogStore } from "./load/log-store.js";
export type { RejectedRow, RejectedRows, RejectReason } from "./load/rejected-list.js";
export { isTimeCell } from "./load/time-cell.js";
export { readRows } from "./text/all-rows.js";
export { headOf, type OpenedText, openText } from "./text/open-text.js";
export { MAX_RECORD_BYTES } from "./text/row-scanner.js";
export { StoredTexts } from "./text/stored-texts.js";
export type { Encoding } from "./text/text-encoding.js";
export type { LogText } from "./text/text-rows.js";
export {
  type HeadRow,
  headRows,
  type Layout,
  rawRow,
  rawRows,
  type TextHead,
  tableRows,
  timeCellOf,
} from "./text/text-rows.js";
export { createPool, type Pool } from "./threads/thread-pool.js";
export type { ArtifactFile } from "./write/artifact-file.js";
export { OutputFiles } from "./write/artifact-file.js";
export { csvText } from "./write/csv-cell.js";
export { columnsOf, type ExportSource } from "./write/export-source.js";
export { openExport } from "./write/open-export.js";
export { rfc3339, rfc3339In } from "./write/rfc3339.js";
export { type ShownRow, shownRows } from "./write/shown-rows.js";
export { writeCsv, writeXes } from "./write/write-logs.js";
