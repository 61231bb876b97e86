import type { Segment, SegmentRequest, TextSource } from "../load/segment.js";
import type { CsvChunk, CsvRequest } from "../write/csv-renderer.js";
import type { ExportSource } from "../write/export-source.js";
import type { XesChunk, XesRequest } from "../write/xes-renderer.js";

/**
 * What can be asked of a thread, and what it replies. `open` comes first of its kind; the others use what it
 * set up.
 */
export interface Jobs {
  readonly openText: { readonly request: TextSource; readonly reply: null };
  readonly load: { readonly request: SegmentRequest; readonly reply: Segment };
  readonly openExport: { readonly request: ExportSource; readonly reply: null };
  readonly csv: { readonly request: CsvRequest; readonly reply: CsvChunk };
  readonly xes: { readonly request: XesRequest; readonly reply: XesChunk };
}

export type JobName = keyof Jobs;

/** Does the jobs of one thread, or of this one. */
export interface JobRunner {
  run<Name extends JobName>(name: Name, request: Jobs[Name]["request"]): Jobs[Name]["reply"];
  close(): void;
}
