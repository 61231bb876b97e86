import { type ShownKind, STANDINGS, type Standing } from "../../outputs/shown-log.js";
import { partAt, type ShownPart } from "../arrange/grouped-events.js";
import { textAt } from "../load/text-column.js";
import { caseLabel, type ExportSource } from "./export-source.js";
import { type CopiedCells, PlainCells } from "./plain-cells.js";
import { PseudonymousCells } from "./pseudonymous-cells.js";
import { RowText } from "./row-text.js";

/** An event as the outputs show it, as texts and numbers. */
export interface ShownRow extends CopiedCells {
  readonly caseId: string;
  /** Seconds since 1970, UTC. */
  readonly instant: number;
  readonly actor: string;
  /** Whether the actor is somebody, and not the system or who is unknown. */
  readonly isPerson: boolean;
  /** Empty where names are not shown. */
  readonly actorName: string;
  readonly standing: Standing;
  readonly course: string;
  readonly courseModuleId: string;
  readonly kind: ShownKind;
  /** Id of the attempt that the description names; empty when it names none. */
  readonly attempt: string;
  readonly sourceLine: number;
  /** The activity of which the event is a part, when events are grouped. */
  readonly part: ShownPart | undefined;
}

/**
 * The events of a log in ascending time, some at a time: for outputs that are put together on the main thread. Each
 * is an object, so it is ten times slower than what the threads write.
 * @param batchRows how many at a time.
 */
export function* shownRows(source: ExportSource, batchRows: number): Generator<readonly ShownRow[]> {
  const { timeOrder } = source;
  const text = new RowText(source);
  try {
    const cells =
      source.pseudonyms === undefined
        ? new PlainCells(source, text)
        : new PseudonymousCells(source, text, source.pseudonyms);
    for (let from = 0; from < timeOrder.length; from += batchRows) {
      const to = Math.min(from + batchRows, timeOrder.length);
      text.open(timeOrder, from, to);
      yield Array.from({ length: to - from }, (_, i) =>
        shownRow(source, cells, timeOrder[from + i] as number),
      );
    }
  } finally {
    text.close();
  }
}

function shownRow(source: ExportSource, cells: PlainCells | PseudonymousCells, row: number): ShownRow {
  const { rows, places, names, groups } = source;
  const actor = rows.actors[row] as number;
  const place = rows.places[row] as number;
  return {
    ...cells.at(row),
    caseId: caseLabel(source, source.cases[row] as number),
    instant: source.instants[row] as number,
    actor: textAt(source.actors, actor),
    isPerson: source.isPerson[actor] === 1,
    actorName: names === undefined ? "" : textAt(names.texts, names.ofActor[actor] as number),
    standing: STANDINGS[source.standings[actor] as number] ?? "",
    course: textAt(places.courses, places.courseOf[place] as number),
    courseModuleId: textAt(places.moduleIds, places.moduleIdOf[place] as number),
    kind: source.kinds[rows.kinds[row] as number] as ShownKind,
    attempt: cells.attempt,
    sourceLine: rows.lines[row] as number,
    part: groups === undefined ? undefined : partAt(groups, row, rows.kinds[row] as number),
  };
}
