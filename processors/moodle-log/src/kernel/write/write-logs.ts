import { csvHeader, type ExtraColumns } from "../../outputs/csv-text.js";
import { hasLevel, type ShownLog, STANDINGS } from "../../outputs/shown-log.js";
import { XES_HEAD, XES_TAIL } from "../../outputs/xes-text.js";
import type { NamedPerson } from "../../people/known-names.js";
import type { ArrangedLog } from "../arrange/arranged-log.js";
import type { ActorTable, NameColumns } from "../load/actor-table.js";
import type { LogStore } from "../load/log-store.js";
import { textAt, textColumn, textCount } from "../load/text-column.js";
import type { LogText } from "../text/text-rows.js";
import type { Pool } from "../threads/thread-pool.js";
import type { ArtifactFile } from "./artifact-file.js";
import type { CsvRequest } from "./csv-renderer.js";
import type { ExportSource } from "./export-source.js";
import { emptyMemory, type PairMemory, type PiecePair } from "./piece-pair.js";
import type { XesRequest } from "./xes-renderer.js";

const CHUNK_ROWS = 4096;

/**
 * Gets all threads ready to write a log.
 * @returns what `writeCsv` and `writeXes` need.
 */
export async function openExport(
  pool: Pool,
  log: { readonly text: LogText; readonly store: LogStore; readonly arranged: ArrangedLog },
  { standings, courses, people, ...shown }: ShownLog,
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
    actors: textColumn(actors.count, (actor) => people.called(actors.at(actor))),
    standings: new Uint8Array(new SharedArrayBuffer(actors.count)),
    places: {
      contextOf,
      courseOf: new Uint32Array(new SharedArrayBuffer(courses.ofPlace.length * 4)),
      moduleIdOf,
      contexts: people.isPseudonymous
        ? textColumn(textCount(contexts), (context) => people.inContext(textAt(contexts, context)))
        : contexts,
      courses: textColumn(courses.names.length, (course) => people.inText(courses.names[course] ?? "")),
      moduleIds: ids,
    },
    names: people.showsNames ? { ofActor: actors.columns.names, texts: actors.columns.people } : undefined,
    pseudonyms: people.salt === undefined ? undefined : { salt: people.salt, names: nameColumns(actors) },
  };
  source.standings.set(standings.map((standing) => STANDINGS.indexOf(standing)));
  source.places.courseOf.set(courses.ofPlace);
  await pool.runOnAll("openExport", source);
  return source;
}

function nameColumns({ columns }: ActorTable): NameColumns {
  const { people, idOfName, ids } = columns;
  return { people, idOfName, ids };
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

/** Which columns the CSV has besides those that it always has. */
export function columnsOf(source: Pick<ExportSource, "names">): ExtraColumns {
  return { names: source.names !== undefined };
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
