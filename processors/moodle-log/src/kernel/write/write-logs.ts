import { CSV_HEADER } from "../../outputs/csv-text.js";
import { hasLevel, type ShownLog } from "../../outputs/shown-log.js";
import { XES_HEAD, XES_TAIL } from "../../outputs/xes-text.js";
import type { ArrangedLog } from "../arrange/arranged-log.js";
import type { LogStore } from "../load/log-store.js";
import { textColumn } from "../load/text-column.js";
import type { LogText } from "../text/text-rows.js";
import type { Pool } from "../threads/thread-pool.js";
import type { ArtifactFile } from "./artifact-file.js";
import type { ExportSource } from "./export-source.js";
import type { XesRequest } from "./xes-renderer.js";

const CHUNK_ROWS = 4096;

/**
 * Gets all threads ready to write a log.
 * @returns what `writeCsv` and `writeXes` need.
 */
export async function openExport(
  pool: Pool,
  log: { readonly text: LogText; readonly store: LogStore; readonly arranged: ArrangedLog },
  { isStaff, courses, ...shown }: ShownLog,
): Promise<ExportSource> {
  const { cases, ...columns } = log.arranged.columns;
  const { actors } = log.store;
  const { contextOf, moduleIdOf, contexts, ids } = log.store.places.columns;
  const source: ExportSource = {
    path: log.text.path,
    sizeBytes: log.text.sizeBytes,
    layout: log.text.layout,
    ...columns,
    caseOrder: cases.caseOrder,
    cases: cases.cases,
    caseLabels: cases.labels,
    ...shown,
    actors: textColumn(actors.count, (actor) => actors.at(actor).label),
    isStaff: new Uint8Array(new SharedArrayBuffer(actors.count)),
    places: {
      contextOf,
      courseOf: new Uint32Array(new SharedArrayBuffer(courses.ofPlace.length * 4)),
      moduleIdOf,
      contexts,
      courses: textColumn(courses.names.length, (course) => courses.names[course] ?? ""),
      moduleIds: ids,
    },
    piecesAhead: piecesAhead(pool.size),
  };
  source.isStaff.set(isStaff.map(Number));
  source.places.courseOf.set(courses.ofPlace);
  await pool.runOnAll("openExport", source);
  return source;
}

/** A pair of outputs: all events, and those with a Bloom level. */
export interface LogFiles {
  readonly full: ArtifactFile;
  readonly bloom: ArtifactFile;
}

interface WriteOptions {
  readonly signal: AbortSignal;
  /** Called with the rows written so far. */
  readonly onRows: (rows: number) => void;
}

/**
 * Writes both CSV files, the pieces made on all threads and put in order here.
 * @returns the rows of the second.
 */
export async function writeCsv(
  pool: Pool,
  source: ExportSource,
  files: LogFiles,
  options: WriteOptions,
): Promise<{ readonly bloomRows: number }> {
  let bloomRows = 0;
  await Promise.all([files.full.appendText(CSV_HEADER), files.bloom.appendText(CSV_HEADER)]);
  await inOrder(
    chunksOf(source.timeOrder.length),
    pool.size,
    (chunk) => pool.run("csv", chunk),
    async (chunk) => {
      options.signal.throwIfAborted();
      await Promise.all([files.full.append(chunk.full), files.bloom.append(chunk.bloom)]);
      bloomRows += chunk.bloomRows;
      options.onRows(chunk.rows);
    },
  );
  return { bloomRows };
}

/** What the XES files hold. */
export interface XesCounts {
  readonly traces: number;
  readonly bloomTraces: number;
  readonly droppedCharacters: number;
}

/** Writes both XES files, the pieces made on all threads and put in order here. */
export async function writeXes(
  pool: Pool,
  source: ExportSource,
  files: LogFiles,
  options: WriteOptions,
): Promise<XesCounts> {
  const counts = { traces: 0, bloomTraces: 0, droppedCharacters: 0 };
  await Promise.all([files.full.appendText(XES_HEAD), files.bloom.appendText(XES_HEAD)]);
  await inOrder(
    xesRequests(source),
    pool.size,
    (chunk) => pool.run("xes", chunk),
    async (chunk) => {
      options.signal.throwIfAborted();
      await Promise.all([files.full.append(chunk.full), files.bloom.append(chunk.bloom)]);
      counts.traces += chunk.traces;
      counts.bloomTraces += chunk.bloomTraces;
      counts.droppedCharacters += chunk.droppedCharacters;
      options.onRows(chunk.rows);
    },
  );
  await Promise.all([files.full.appendText(XES_TAIL), files.bloom.appendText(XES_TAIL)]);
  return counts;
}

function* chunksOf(rows: number): Generator<{ from: number; to: number }> {
  for (let from = 0; from < rows; from += CHUNK_ROWS) yield { from, to: Math.min(from + CHUNK_ROWS, rows) };
}

/**
 * The chunks, each with whether the trace at its start has begun in the second file: only the events before
 * it tell.
 */
function* xesRequests(source: ExportSource): Generator<XesRequest> {
  const { caseOrder, cases, rows, kinds } = source;
  const isWithLevel = kinds.map(hasLevel);
  let before = -1;
  let isOpen = false;
  for (const { from, to } of chunksOf(caseOrder.length)) {
    const first = cases[caseOrder[from] as number] as number;
    yield { from, to, isBloomTraceOpen: isOpen && first === before };
    for (let i = from; i < to; i++) {
      const row = caseOrder[i] as number;
      const caseNumber = cases[row] as number;
      if (caseNumber !== before) isOpen = false;
      before = caseNumber;
      if (isWithLevel[rows.kinds[row] as number]) isOpen = true;
    }
  }
}

/** Makes pieces ahead, at most `piecesAhead` that are not taken yet, and takes them in order. */
async function inOrder<Request, Piece>(
  requests: Iterable<Request>,
  threads: number,
  make: (request: Request) => Promise<Piece>,
  take: (piece: Piece) => Promise<void>,
): Promise<void> {
  const underWay: Promise<Piece>[] = [];
  for (const request of requests) {
    const piece = make(request);
    piece.catch(() => {}); // heard when its turn comes, unless the writing is given up before
    underWay.push(piece);
    if (underWay.length >= piecesAhead(threads)) await take(await (underWay.shift() as Promise<Piece>));
  }
  for (const piece of underWay) await take(await piece);
}

/** How many pieces may be under way or waiting to be written, with so many threads. */
function piecesAhead(threads: number): number {
  return threads * 2;
}
