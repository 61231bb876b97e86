/**
 * The kernel: everything about a log that goes by bytes and columns, since a log has millions of rows.
 * MEMORY.md beside this file draws it. What the bytes mean is told by plain functions of the field
 * (`readWording`, `readName`, `readTimeWord`, `kindCells`, `kindXml` …), which the kernel calls once for each
 * distinct value; only text, numbers and lists of them go in and out here.
 *
 * In order: `openText` → `headRows` → `createPool` → `loadLog` → `DatedLog` → `ArrangedLog` → `openExport` →
 * `writeCsv`, `writeXes`.
 */
export type { ArrangedLog } from "./arrange/arranged-log.js";
export { DatedLog } from "./arrange/dated-log.js";
export type { YearBasis } from "./arrange/reckon-years.js";
export { wordingOf } from "./load/description-splitter.js";
export { loadLog } from "./load/load-log.js";
export type { LogStore } from "./load/log-store.js";
export type { RejectedRow, RejectReason } from "./load/segment.js";
export { isTimeCell } from "./load/time-cell.js";
export { openText } from "./text/open-text.js";
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
export { rfc3339 } from "./write/rfc3339.js";
export { openExport, writeCsv, writeXes } from "./write/write-logs.js";
