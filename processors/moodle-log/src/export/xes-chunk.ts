import { ByteWriter } from "../bytes/byte-writer.js";
import { ACTIVITIES, levelOf } from "../rules/activity.js";
import { Rfc3339Writer } from "../time/rfc3339.js";
import { Zone } from "../time/zone.js";
import { type ChunkPair, fileChunk, type SharedPieces, XES_LEVEL } from "./deflate.js";
import { caseLabel, type ExportKind, type ExportSource, roleHint } from "./export-source.js";
import { attributeText } from "./xml.js";

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

/** What stands before the traces. `identity` is declared for tools that expect the five standard extensions. */
export const XES_HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="2.0" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
<global scope="event"><string key="concept:name" value="UNKNOWN"/><string key="lifecycle:transition" value="complete"/><date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/><string key="org:resource" value="UNKNOWN"/><string key="bloom:level" value="N/A"/><string key="moodle:component" value="UNKNOWN"/><string key="moodle:event_name" value="UNKNOWN"/></global>
<classifier name="Activity" scope="event" keys="concept:name"/>
<classifier name="EventName" scope="event" keys="moodle:event_name moodle:component"/>
<classifier name="BloomLevel" scope="event" keys="bloom:level"/>
<string key="concept:name" value="Moodle log"/>
<string key="lifecycle:model" value="standard"/>
`;

/** What stands after the traces. */
export const XES_TAIL = "</log>\n";

interface Fragment {
  readonly bytes: Buffer;
  readonly dropped: number;
}

const TRACE_END = Buffer.from("</trace>\n");

/** Writes pieces of the XES files. An event is put together from a few ready pieces: by kind, actor and place; only the time is new. */
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
    this.#hasLevel = source.kinds.map((kind) => ACTIVITIES[kind.activity].level !== undefined);
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
      this.#full.bytes(TRACE_END);
      if (isOpen) this.#bloom.bytes(TRACE_END);
    }
  }

  #beginTrace(out: ByteWriter, caseNumber: number): void {
    const { text, dropped } = attributeText(caseLabel(this.#source, caseNumber));
    out.text(`<trace><string key="concept:name" value="${text}"/>\n`);
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
    const shown = this.#source.kinds[kind] as ExportKind;
    const name = attributeText(nameOf(shown, this.#source.activityKey));
    const head = fragment(
      [
        `<event><string key="concept:name" value="${name.text}"/><string key="lifecycle:transition" value="complete"/><date key="time:timestamp" value="`,
      ],
      name.dropped,
    );
    this.#heads[kind] = head;
    return head;
  }

  #actorOf(actor: number): Fragment {
    const label = attributeText(this.#source.actors[actor]?.label ?? "unknown");
    const made = fragment([`"/><string key="org:resource" value="${label.text}"/>`], label.dropped);
    this.#actors[actor] = made;
    return made;
  }

  #bodyOf(kind: number, body: number): Fragment {
    const shown = this.#source.kinds[kind] as ExportKind;
    const { isActive } = ACTIVITIES[shown.activity];
    const made = attributes([
      ["moodle:activity", this.#source.activityKey === "activity" ? "" : shown.activity], // else it is the event's name
      ["bloom:level", levelOf(shown.activity)],
      ["bloom:active", isActive],
      ["moodle:component", shown.component],
      ["moodle:event_name", shown.eventName],
      ["moodle:module_type", shown.module],
      ["moodle:role_hint", roleHint(shown, body % 2 === 1)],
    ]);
    this.#bodies[body] = made;
    return made;
  }

  #placeOf(place: number): Fragment {
    const shown = this.#source.places[place];
    const moduleId = shown?.moduleId ?? "";
    const made = attributes(
      [
        ["moodle:context", shown?.context ?? ""],
        ["moodle:course", shown?.course ?? ""],
        ["moodle:cmid", isLong(moduleId) ? Number(moduleId) : moduleId],
      ],
      "</event>\n",
    );
    this.#places[place] = made;
    return made;
  }
}

function nameOf(kind: ExportKind, key: ExportSource["activityKey"]): string {
  if (key === "activity") return kind.activity;
  return key === "event_name" ? kind.eventName : `${kind.component}: ${kind.eventName}`;
}

function isLong(digits: string): boolean {
  return /^\d{1,15}$/.test(digits);
}

/** Attributes, the empty ones left out. */
function attributes(
  entries: readonly (readonly [string, string | number | boolean | undefined])[],
  after = "",
): Fragment {
  let dropped = 0;
  const parts = entries.map(([key, value]) => {
    if (value === undefined || value === "") return "";
    const type = typeof value === "string" ? "string" : typeof value === "number" ? "int" : "boolean";
    const escaped = attributeText(String(value));
    dropped += escaped.dropped;
    return `<${type} key="${key}" value="${escaped.text}"/>`;
  });
  return fragment([...parts, after], dropped);
}

function fragment(parts: readonly string[], dropped: number): Fragment {
  return { bytes: Buffer.from(parts.join(""), "utf8"), dropped };
}
