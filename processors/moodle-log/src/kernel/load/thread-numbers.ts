import type { EventKind } from "../../events/wording.js";
import { NumberColumn } from "./tuple-interner.js";

const UNNUMBERED = 0xffffffff;

/** What the numbers of one thread stand for. */
export class ThreadNumbers {
  readonly kinds: EventKind[] = [];
  /** The number in the joined table of each text of the thread. */
  readonly ids = new NumberColumn();
  readonly people = new NumberColumn();
  readonly contexts = new NumberColumn();
  readonly courses = new NumberColumn();
  /** Tuples as in `NewEntries`, with the thread's own numbers. */
  readonly actors = [new NumberColumn(), new NumberColumn()] as const;
  readonly places = [new NumberColumn(), new NumberColumn(), new NumberColumn(), new NumberColumn()] as const;
  readonly #joined = { kinds: new NumberColumn(), actors: new NumberColumn(), places: new NumberColumn() };

  /** Replaces the thread's numbers in a column by the joined ones; `numberOf` is asked once for each. */
  renumber(
    what: "kinds" | "actors" | "places",
    column: Uint32Array,
    numberOf: (local: number) => number,
  ): void {
    const joined = this.#joined[what];
    for (let i = 0; i < column.length; i++) {
      const local = column[i] as number;
      while (local >= joined.length) joined.push(UNNUMBERED);
      let number = joined.at(local);
      if (number === UNNUMBERED) {
        number = numberOf(local);
        joined.set(local, number);
      }
      column[i] = number;
    }
  }
}
