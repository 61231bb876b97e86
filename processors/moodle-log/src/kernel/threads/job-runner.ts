import { SegmentLoader } from "../load/segment.js";
import { CsvRenderer } from "../write/csv-renderer.js";
import { SharedPieces } from "../write/deflate.js";
import { XesRenderer } from "../write/xes-renderer.js";
import type { JobName, JobRunner, Jobs } from "./thread-jobs.js";

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
      const pieces = new SharedPieces(2 * source.piecesAhead); // one for each file of a pair
      csv = new CsvRenderer(source, pieces);
      xes = new XesRenderer(source, pieces);
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
    },
  };
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("A thread was given work before it was told on what.");
  return part;
}
