import { hasLevel, type ShownKind } from "../../outputs/shown-log.js";
import {
  actorXml,
  eventHead,
  kindXml,
  placeXml,
  TRACE_END,
  traceHead,
  type XmlText,
} from "../../outputs/xes-text.js";
import { Zone } from "../../time/zone.js";
import { ByteWriter } from "./byte-writer.js";
import { type ChunkPair, fileChunk, type SharedPieces, XES_LEVEL } from "./deflate.js";
import { caseLabel, type ExportSource } from "./export-source.js";
import { Rfc3339Writer } from "./rfc3339.js";

/** The events `caseOrder[from, to)`. */
export interface XesRequest {
  readonly from: number;
  readonly to: number;
  /** Whether the trace that goes on at `from` has been begun in the file of Bloom levels. */
  readonly isBloomTraceOpen: boolean;
}

/** A piece of both XES files. */
export interface XesChunk extends ChunkPair {
  readonly traces: number;
  readonly bloomTraces: number;
  /** Characters that XML forbids, left out of the full file. */
  readonly droppedCharacters: number;
}

interface Fragment {
  readonly bytes: Buffer;
  readonly dropped: number;
}

const TRACE_END_BYTES = Buffer.from(TRACE_END);

/**
 * Writes pieces of the XES files. An event is put together from a few ready pieces: by kind, actor and place;
 * only the time is new.
 */
export class XesRenderer {
  readonly #source: ExportSource;
  readonly #time: Rfc3339Writer;
  readonly #pieces: SharedPieces;
  readonly #full = new ByteWriter(3 << 20);
  readonly #bloom = new ByteWriter(2 << 20);
  readonly #hasLevel: boolean[];
  readonly #heads: (Fragment | undefined)[] = [];
  readonly #bodies: (Fragment | undefined)[] = [];
  readonly #actors: (Fragment | undefined)[] = [];
  readonly #places: (Fragment | undefined)[] = [];
  #dropped = 0;
  #traces = 0;
  #bloomTraces = 0;

  constructor(source: ExportSource, pieces: SharedPieces) {
    this.#source = source;
    this.#pieces = pieces;
    this.#time = new Rfc3339Writer(new Zone(source.timezone), { milliseconds: true });
    this.#hasLevel = source.kinds.map(hasLevel);
  }

  render(request: XesRequest): XesChunk {
    this.#full.clear();
    this.#bloom.clear();
    this.#dropped = 0;
    this.#traces = 0;
    this.#bloomTraces = 0;
    this.#events(request);
    return {
      rows: request.to - request.from,
      traces: this.#traces,
      bloomTraces: this.#bloomTraces,
      droppedCharacters: this.#dropped,
      full: this.#pieces.share(fileChunk(this.#full.view(), XES_LEVEL)),
      bloom: this.#pieces.share(fileChunk(this.#bloom.view(), XES_LEVEL)),
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
      this.#event(row);
      if (this.#hasLevel[rows.kinds[row] as number]) {
        if (!isOpen) {
          this.#beginTrace(this.#bloom, caseNumber);
          this.#bloomTraces++;
        }
        isOpen = true;
        this.#bloom.tailOf(this.#full, start);
      }
      before = caseNumber;
      const next = caseOrder[i + 1];
      if (next !== undefined && cases[next] === caseNumber) continue;
      this.#full.bytes(TRACE_END_BYTES);
      if (isOpen) this.#bloom.bytes(TRACE_END_BYTES);
    }
  }

  #beginTrace(out: ByteWriter, caseNumber: number): void {
    const { text, dropped } = traceHead(caseLabel(this.#source, caseNumber));
    out.text(text);
    if (out === this.#full) this.#dropped += dropped;
  }

  #event(row: number): void {
    const { rows, instants } = this.#source;
    const actor = rows.actors[row] as number;
    const kind = rows.kinds[row] as number;
    this.#append(this.#heads[kind] ?? this.#headOf(kind));
    this.#full.bytes(this.#time.write(instants[row] as number));
    this.#append(this.#actors[actor] ?? this.#actorOf(actor));
    const body = kind * 2 + (this.#source.actors[actor]?.isStaff ? 1 : 0);
    this.#append(this.#bodies[body] ?? this.#bodyOf(kind, body));
    const place = rows.places[row] as number;
    this.#append(this.#places[place] ?? this.#placeOf(place));
  }

  #append({ bytes, dropped }: Fragment): void {
    this.#full.bytes(bytes);
    this.#dropped += dropped;
  }

  #headOf(kind: number): Fragment {
    const head = fragment(eventHead(this.#source.kinds[kind] as ShownKind, this.#source.activityKey));
    this.#heads[kind] = head;
    return head;
  }

  #actorOf(actor: number): Fragment {
    const made = fragment(actorXml(this.#source.actors[actor]?.label ?? "unknown"));
    this.#actors[actor] = made;
    return made;
  }

  #bodyOf(kind: number, body: number): Fragment {
    const shown = this.#source.kinds[kind] as ShownKind;
    const made = fragment(kindXml(shown, body % 2 === 1, this.#source.activityKey));
    this.#bodies[body] = made;
    return made;
  }

  #placeOf(place: number): Fragment {
    const shown = this.#source.places[place] ?? { context: "", course: "", moduleId: "" };
    const made = fragment(placeXml(shown));
    this.#places[place] = made;
    return made;
  }
}

function fragment({ text, dropped }: XmlText): Fragment {
  return { bytes: Buffer.from(text, "utf8"), dropped };
}
