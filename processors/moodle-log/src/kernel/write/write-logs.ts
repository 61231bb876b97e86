import { csvHeader } from "../../outputs/csv-text.js";
import { hasLevel } from "../../outputs/shown-log.js";
import { XES_HEAD, XES_TAIL } from "../../outputs/xes-text.js";
import type { NamedPerson } from "../../people/known-names.js";
import type { Pool } from "../threads/thread-pool.js";
import type { ArtifactFile } from "./artifact-file.js";
import type { CsvRequest } from "./csv-renderer.js";
import { columnsOf, type ExportSource } from "./export-source.js";
import { emptyMemory, type PairMemory, type PiecePair } from "./piece-pair.js";
import type { XesRequest } from "./xes-renderer.js";

const CHUNK_ROWS = 4096;

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
 * @param options.onPeople called with people whom the cells of pieces name, when they are pseudonymous.
 * @returns the rows of the second.
 */
export async function writeCsv(
  pool: Pool,
  source: ExportSource,
  files: LogFiles,
  options: WriteOptions & { readonly onPeople: (people: readonly NamedPerson[]) => void },
): Promise<{ readonly bloomRows: number }> {
  let bloomRows = 0;
  const header = csvHeader(columnsOf(source));
  await Promise.all([files.full.appendText(header), files.bloom.appendText(header)]);
  await inOrder(
    chunksOf(source.timeOrder.length),
    pool.size,
    (chunk, memory) => pool.run("csv", { ...chunk, memory }),
    async (piece) => {
      options.signal.throwIfAborted();
      await appendPair(files, piece);
      bloomRows += piece.bloomRows;
      options.onPeople(piece.people);
      options.onRows(piece.rows);
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
    (chunk, memory) => pool.run("xes", { ...chunk, memory }),
    async (piece) => {
      options.signal.throwIfAborted();
      await appendPair(files, piece);
      counts.traces += piece.traces;
      counts.bloomTraces += piece.bloomTraces;
      counts.droppedCharacters += piece.droppedCharacters;
      options.onRows(piece.rows);
    },
  );
  await Promise.all([files.full.appendText(XES_TAIL), files.bloom.appendText(XES_TAIL)]);
  return counts;
}

async function appendPair(files: LogFiles, { memory, fullBytes, bloomBytes }: PiecePair): Promise<void> {
  await Promise.all([
    files.full.append(memory.full.subarray(0, fullBytes)),
    files.bloom.append(memory.bloom.subarray(0, bloomBytes)),
  ]);
}

function* chunksOf(rows: number): Generator<Omit<CsvRequest, "memory">> {
  for (let from = 0; from < rows; from += CHUNK_ROWS) yield { from, to: Math.min(from + CHUNK_ROWS, rows) };
}

/**
 * The chunks, each with whether the trace at its start has begun in the second file: only the events before
 * it tell.
 */
function* xesRequests(source: ExportSource): Generator<Omit<XesRequest, "memory">> {
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

/** Pieces that may be under way or waiting to be written, for each thread. */
const PIECES_AHEAD = 2;

/** Makes pieces ahead, and takes them in order; when one is taken its memory is used for the next. */
async function inOrder<Request, Piece extends PiecePair>(
  requests: Iterable<Request>,
  threads: number,
  make: (request: Request, memory: PairMemory) => Promise<Piece>,
  take: (piece: Piece) => Promise<void>,
): Promise<void> {
  const underWay: Promise<Piece>[] = [];
  const free: PairMemory[] = [];
  for (const request of requests) {
    const coming = make(request, free.pop() ?? emptyMemory());
    coming.catch(() => {}); // heard when its turn comes, unless the writing is given up before
    underWay.push(coming);
    if (underWay.length < threads * PIECES_AHEAD) continue;
    const piece = await (underWay.shift() as Promise<Piece>);
    await take(piece);
    free.push(piece.memory);
  }
  for (const coming of underWay) await take(await coming);
}
