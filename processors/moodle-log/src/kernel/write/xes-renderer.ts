import { type ActivityKey, hasLevel, type ShownKind, STANDINGS } from "../../outputs/shown-log.js";
import {
  actorXml,
  contextXml,
  courseXml,
  eventHead,
  groupedHead,
  kindXml,
  moduleIdXml,
  TRACE_END,
  TRACE_EVENTS,
  TRACE_LAST,
  traceHead,
} from "../../outputs/xes-text.js";
import { Zone } from "../../time/zone.js";
import { COMPLETE, partAt, START } from "../arrange/grouped-events.js";
import { type TextColumn, textAt, textCount } from "../load/text-column.js";
import { ByteWriter } from "./byte-writer.js";
import { caseLabel, type ExportSource, standingAt } from "./export-source.js";
import { type Fragment, Fragments } from "./fragments.js";
import { type PairMemory, type PiecePair, piecePair } from "./piece-pair.js";
import { Rfc3339Writer } from "./rfc3339.js";

/** The events `caseOrder[from, to)`. */
export interface XesRequest {
  readonly from: number;
  readonly to: number;
  /** Whether the trace that goes on at `from` has been begun in the file of Bloom levels. */
  readonly isBloomTraceOpen: boolean;
  /** For the piece. */
  readonly memory: PairMemory;
}

/** A piece of both XES files. */
export interface XesPiece extends PiecePair {
  readonly traces: number;
  readonly bloomTraces: number;
  /** Characters that XML forbids, left out of the full file. */
  readonly droppedCharacters: number;
}

const KEEP_BYTES = 8 << 20;
const TRANSITIONS = [
  [START, "start"],
  [COMPLETE, "complete"],
] as const;
const TRACE_LAST_BYTES = Buffer.from(TRACE_LAST);
const TRACE_EVENTS_BYTES = Buffer.from(TRACE_EVENTS);
const TRACE_END_BYTES = Buffer.from(TRACE_END);

/**
 * Writes pieces of the XES files. An event is put together from a few ready pieces: by kind, actor, context, course
 * and course module; only the time is new.
 */
export class XesRenderer {
  readonly #source: ExportSource;
  readonly #time: Rfc3339Writer;
  readonly #full = new ByteWriter(3 << 20, KEEP_BYTES);
  readonly #bloom = new ByteWriter(2 << 20);
  readonly #hasLevel: boolean[];
  readonly #heads: Fragments;
  /** By kind and standing. */
  readonly #bodies: Fragments;
  readonly #groupedBodies: Fragments;
  readonly #actors: Fragments;
  readonly #contexts: Fragments;
  readonly #courses: Fragments;
  readonly #moduleIds: Fragments;
  #dropped = 0;
  #traces = 0;
  #bloomTraces = 0;

  constructor(source: ExportSource) {
    this.#source = source;
    this.#time = new Rfc3339Writer(new Zone(source.timezone), { milliseconds: true });
    this.#hasLevel = source.kinds.map(hasLevel);
    const { kinds, activityKey: key, actors, places } = source;
    const kindAt = (kind: number) => kinds[kind] as ShownKind;
    const texts = (column: TextColumn, xmlOf: (text: string) => Fragment) =>
      new Fragments(this.#full, textCount(column), (number) => xmlOf(textAt(column, number)));
    this.#heads = new Fragments(this.#full, kinds.length, (kind) => eventHead(kindAt(kind), key));
    const bodies = (called: ActivityKey) =>
      new Fragments(this.#full, STANDINGS.length * kinds.length, (of) =>
        kindXml(kindAt(Math.floor(of / STANDINGS.length)), standingAt(of), called),
      );
    this.#bodies = bodies(key);
    // The name of an activity that events were put together to is not that of any of them.
    this.#groupedBodies = source.groups === undefined ? this.#bodies : bodies("event_name");
    this.#actors = texts(actors, actorXml);
    this.#contexts = texts(places.contexts, contextXml);
    this.#courses = texts(places.courses, courseXml);
    this.#moduleIds = texts(places.moduleIds, moduleIdXml);
  }

  render(request: XesRequest): XesPiece {
    this.#full.clear();
    this.#bloom.clear();
    this.#dropped = 0;
    this.#traces = 0;
    this.#bloomTraces = 0;
    this.#events(request);
    return {
      ...piecePair(request.to - request.from, { full: this.#full, bloom: this.#bloom }, request.memory),
      traces: this.#traces,
      bloomTraces: this.#bloomTraces,
      droppedCharacters: this.#dropped,
    };
  }

  #events({ from, to, isBloomTraceOpen }: XesRequest): void {
    const { caseOrder, cases, rows } = this.#source;
    let before = from === 0 ? -1 : cases[caseOrder[from - 1] as number];
    let isOpen = isBloomTraceOpen;
    for (let i = from; i < to; i++) {
      const row = caseOrder[i] as number;
      const caseNumber = cases[row] as number;
      if (caseNumber !== before) {
        this.#beginTrace(this.#full, caseNumber);
        this.#traces++;
        isOpen = false;
      }
      const start = this.#full.length;
      this.#shown(row);
      if (this.#hasLevel[rows.kinds[row] as number] && this.#full.length > start) {
        if (!isOpen) {
          this.#beginTrace(this.#bloom, caseNumber);
          this.#bloomTraces++;
        }
        isOpen = true;
        this.#bloom.part(this.#full, start, this.#full.length);
      }
      before = caseNumber;
      const next = caseOrder[i + 1];
      if (next !== undefined && cases[next] === caseNumber) continue;
      this.#full.bytes(TRACE_END_BYTES);
      if (isOpen) this.#bloom.bytes(TRACE_END_BYTES);
    }
  }

  #beginTrace(out: ByteWriter, caseNumber: number): void {
    const { caseOrder, caseEnds, caseLabels, actors, standings, eventsOfActor } = this.#source;
    const actor = caseLabels.actors[caseNumber] as number;
    const from = caseNumber === 0 ? 0 : (caseEnds[caseNumber - 1] as number);
    const to = caseEnds[caseNumber] as number;
    const { text, dropped } = traceHead({
      name: caseLabel(this.#source, caseNumber),
      user: textAt(actors, actor),
      isStaff: standings[actor] !== 0,
      caseEvents: to - from,
      userEvents: eventsOfActor[actor] as number,
    });
    out.text(text);
    this.#moment(out, caseOrder[from] as number);
    out.bytes(TRACE_LAST_BYTES);
    this.#moment(out, caseOrder[to - 1] as number);
    out.bytes(TRACE_EVENTS_BYTES);
    if (out === this.#full) this.#dropped += dropped;
  }

  #moment(out: ByteWriter, row: number): void {
    out.bytes(this.#time.write(this.#source.instants[row] as number));
  }

  /** Writes an event; of those that were put together, the first as a start and the last as the end. */
  #shown(row: number): void {
    const { groups, rows } = this.#source;
    const part = groups === undefined ? undefined : partAt(groups, row, rows.kinds[row] as number);
    if (groups === undefined || part === undefined) {
      this.#dropped += this.#heads.append(rows.kinds[row] as number);
      return this.#event(row, this.#bodies);
    }
    for (const [bit, transition] of TRANSITIONS) {
      if (((groups.roles[row] as number) & bit) === 0) continue;
      this.#full.text(groupedHead({ ...part, transition }));
      this.#event(row, this.#groupedBodies);
    }
  }

  /** What follows after the head of an event. */
  #event(row: number, bodies: Fragments): void {
    const { rows, instants, standings, places } = this.#source;
    const actor = rows.actors[row] as number;
    const kind = rows.kinds[row] as number;
    const place = rows.places[row] as number;
    this.#full.bytes(this.#time.write(instants[row] as number));
    this.#dropped +=
      this.#actors.append(actor) +
      bodies.append(STANDINGS.length * kind + (standings[actor] as number)) +
      this.#contexts.append(places.contextOf[place] as number) +
      this.#courses.append(places.courseOf[place] as number) +
      this.#moduleIds.append(places.moduleIdOf[place] as number);
  }
}
