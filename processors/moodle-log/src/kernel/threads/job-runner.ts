import { type Segment, SegmentLoader, type SegmentRequest, type TextSource } from "../load/segment.js";
import { type CsvPiece, CsvRenderer, type CsvRequest } from "../write/csv-renderer.js";
import type { ExportSource } from "../write/export-source.js";
import { type XesPiece, XesRenderer, type XesRequest } from "../write/xes-renderer.js";

/** Makes a runner with nothing open. */
export function createJobRunner(): JobRunner {
  let loader: SegmentLoader | undefined;
  let csv: CsvRenderer | undefined;
  let xes: XesRenderer | undefined;
  const does: { readonly [Name in JobName]: (request: Jobs[Name]["request"]) => Jobs[Name]["reply"] } = {
    openText: (source) => {
      loader = new SegmentLoader(source);
      return null;
    },
    load: (request) => opened(loader).load(request),
    openExport: (source) => {
      loader?.close();
      loader = undefined;
      csv = new CsvRenderer(source);
      xes = new XesRenderer(source);
      return null;
    },
    csv: (request) => opened(csv).render(request),
    xes: (request) => opened(xes).render(request),
  };
  return {
    run: (name, request) => does[name](request),
    close: () => {
      loader?.close();
      csv?.close();
      [loader, csv] = [undefined, undefined];
    },
  };
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("A thread was given work before it was told on what.");
  return part;
}

/**
 * What can be asked of a thread, and what it replies. `open` comes first of its kind; the others use what it
 * set up.
 */
export interface Jobs {
  readonly openText: { readonly request: TextSource; readonly reply: null };
  readonly load: { readonly request: SegmentRequest; readonly reply: Segment };
  readonly openExport: { readonly request: ExportSource; readonly reply: null };
  readonly csv: { readonly request: CsvRequest; readonly reply: CsvPiece };
  readonly xes: { readonly request: XesRequest; readonly reply: XesPiece };
}

export type JobName = keyof Jobs;

/**
 * The buffers in a request or a reply, which are handed over instead of copied; shared ones are neither.
 */
export function buffersIn(message: object | null): ArrayBuffer[] {
  return Object.values(message ?? {}).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
    const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
    return isPart ? buffersIn(value) : [];
  });
}

/** Does the jobs of one thread, or of this one. */
export interface JobRunner {
  run<Name extends JobName>(name: Name, request: Jobs[Name]["request"]): Jobs[Name]["reply"];
  /** May be called twice. */
  close(): void;
}
