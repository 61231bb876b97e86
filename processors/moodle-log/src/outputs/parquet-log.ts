import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import {
  type ArtifactFile,
  columnsOf,
  type ExportSource,
  type ShownRow,
  shownRows,
} from "../kernel/index.js";
import { ACTIVITIES, levelOf } from "../rules/rules.js";
import { csvColumns } from "./csv-text.js";
import { roleHint } from "./shown-log.js";

/** Rows of a row group, which is put together in memory: some 5 MiB of texts. */
const ROW_GROUP_ROWS = 5_000;

type ParquetColumn = {
  readonly [Type in "STRING" | "TIMESTAMP" | "INT32" | "BOOLEAN"]: {
    readonly type: Type;
    readonly of: (
      row: ShownRow,
    ) => { STRING: string; TIMESTAMP: Date; INT32: number; BOOLEAN: boolean }[Type] | null;
  };
}["STRING" | "TIMESTAMP" | "INT32" | "BOOLEAN"];

const text = (of: (row: ShownRow) => string): ParquetColumn => ({ type: "STRING", of });

/** The columns of the enriched CSV, by name; texts, but for the time, the line, and what is yes or no. */
const COLUMNS: Readonly<Record<string, ParquetColumn>> = {
  case_id: text((row) => row.caseId),
  timestamp: { type: "TIMESTAMP", of: (row) => new Date(row.instant * 1000) },
  actor: text((row) => row.actor),
  affected_user: text((row) => row.affected_user),
  event_context: text((row) => row.event_context),
  component: text((row) => row.component),
  event_name: text((row) => row.event_name),
  description: text((row) => row.description),
  origin: text((row) => row.origin),
  ip_address: text((row) => row.ip_address),
  course: text((row) => row.course),
  module_type: text((row) => row.kind.module),
  course_module_id: text((row) => row.courseModuleId),
  activity: text((row) => row.kind.activity),
  bloom_level: text((row) => levelOf(row.kind.activity)),
  is_active: { type: "BOOLEAN", of: (row) => ACTIVITIES[row.kind.activity].isActive ?? null },
  role_hint: text((row) => roleHint(row.kind, row.standing)),
  source_line: { type: "INT32", of: (row) => row.sourceLine },
  actor_name: text((row) => row.actorName),
  group: text((row) => row.part?.group ?? ""),
  group_instance: { type: "INT32", of: (row) => row.part?.instance ?? null },
  lifecycle: text((row) => row.part?.lifecycle ?? "complete"),
};

/** How an output that is put together here says how far it is. */
export interface RowOptions {
  readonly signal: AbortSignal;
  /** Called with the rows written since the last call. */
  readonly onRows: (rows: number) => void;
  /** Rows that are put together at a time. */
  readonly batchRows?: number;
}

/**
 * Writes the enriched table as Apache Parquet, a row group after the other, each compressed with Snappy. The time is
 * a moment in UTC, in milliseconds.
 */
export async function writeParquet(
  artifact: ArtifactFile,
  source: ExportSource,
  { signal, onRows, batchRows = ROW_GROUP_ROWS }: RowOptions,
): Promise<void> {
  const columns = csvColumns(columnsOf(source));
  const bytes = new ByteWriter();
  const dataOf = (rows: readonly ShownRow[]) => columns.map((name) => columnData(name, rows));
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaFromColumnData({ columnData: dataOf([]) }),
    createdBy: "Drover moodle-log",
  });
  const flush = async () => {
    await artifact.append(bytes.getBytes());
    bytes.index = 0; // the memory is used again
  };
  for (const rows of shownRows(source, batchRows)) {
    signal.throwIfAborted();
    await writer.write({ columnData: dataOf(rows), rowGroupSize: rows.length });
    await flush();
    onRows(rows.length);
  }
  await writer.finish();
  await flush();
}

function columnData(name: string, rows: readonly ShownRow[]): ColumnSource {
  const column = COLUMNS[name];
  if (column === undefined) throw new Error(`The table has a column that Parquet does not know: ${name}.`);
  return { name, type: column.type, data: rows.map((row) => column.of(row)) };
}
