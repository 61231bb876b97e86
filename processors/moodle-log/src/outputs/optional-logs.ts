import type { ExportSource, OutputFiles } from "../kernel/index.js";
import type { Params } from "../params.js";
import type { RunProgress, Stage } from "../run-progress.js";
import { writeOcel } from "./ocel-log.js";
import { type RowOptions, writeParquet } from "./parquet-log.js";

/** Outputs that are only written when asked for, by their param and stage. */
const LOGS = [
  { param: "parquet", stage: "export_parquet", file: "enriched_log.parquet", write: writeParquet },
  { param: "ocel", stage: "export_ocel", file: "ocel.json", write: writeOcel },
] as const;

/** Whether a run with these params has a stage. */
export function hasStage(stage: Stage, params: Params): boolean {
  const optional = LOGS.find((log) => log.stage === stage);
  return optional === undefined || params[optional.param];
}

/** Writes the logs in other formats that were asked for. */
export async function writeOptionalLogs(
  source: ExportSource,
  outputs: OutputFiles,
  run: { readonly params: Params; readonly progress: RunProgress; readonly signal: AbortSignal },
): Promise<void> {
  for (const { param, stage, file, write } of LOGS) {
    if (!run.params[param]) continue;
    const reporting = run.progress.stage(stage);
    const total = source.timeOrder.length;
    let done = 0;
    const options: RowOptions = {
      signal: run.signal,
      onRows: (rows) => {
        done += rows;
        reporting(done, total, `${done} of ${total} events`);
      },
    };
    reporting(0, total);
    await write(outputs.open(file), source, options);
  }
}
