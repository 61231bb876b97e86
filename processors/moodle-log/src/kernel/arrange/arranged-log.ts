import { type LogRows, offsetOfRow } from "../load/log-store.js";
import type { SharedColumn } from "../load/tuple-interner.js";
import type { RowPosition } from "../text/text-rows.js";
import type { Cases } from "./case-order.js";

/** The columns of an arranged log; shared memory, for the threads that write outputs. */
export interface ArrangedColumns {
  readonly rows: LogRows;
  /** Seconds since 1970, UTC, by row. */
  readonly instants: SharedColumn;
  /** The kept rows in ascending time. */
  readonly timeOrder: SharedColumn;
  readonly cases: Cases;
}

/** The kept rows of a log, in order of time and in cases: what is counted and written. */
export class ArrangedLog {
  /** For the kernel's own writers. */
  readonly columns: ArrangedColumns;
  /** By actor: 1 for somebody, whose events are a case. For the kernel's own counts. */
  readonly isPerson: Uint8Array;

  constructor(columns: ArrangedColumns, isPerson: Uint8Array) {
    this.columns = columns;
    this.isPerson = isPerson;
  }

  /** Kept rows. */
  get kept(): number {
    return this.columns.timeOrder.length;
  }

  get caseCount(): number {
    return this.columns.cases.count;
  }

  /** Kept rows that stand in a case. */
  get inCases(): number {
    return this.columns.cases.caseOrder.length;
  }

  /** First and last moment, in seconds since 1970; `undefined` when no row is kept. */
  get span(): readonly [first: number, last: number] | undefined {
    const { timeOrder, instants } = this.columns;
    const [first, last] = [timeOrder[0], timeOrder.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    return [instants[first] as number, instants[last] as number];
  }

  /** The newest kept row; `undefined` when none is kept. */
  get newest(): RowPosition | undefined {
    const { timeOrder, rows } = this.columns;
    const row = timeOrder.at(-1);
    return row === undefined ? undefined : { offset: offsetOfRow(rows, row) };
  }

  /**
   * Counts the kept rows by kind of event and by actor, and by actor those of marked kinds.
   * @param of how many actors there are, and by kind whether it is marked.
   */
  count(of: { readonly isMarked: readonly boolean[]; readonly actors: number }): {
    readonly kinds: readonly number[];
    readonly actors: readonly number[];
    readonly marked: readonly number[];
  } {
    const { timeOrder, rows } = this.columns;
    const kinds = new Uint32Array(of.isMarked.length);
    const actors = new Uint32Array(of.actors);
    const marked = new Uint32Array(of.actors);
    for (let i = 0; i < timeOrder.length; i++) {
      const row = timeOrder[i] as number;
      const [kind, actor] = [rows.kinds[row] as number, rows.actors[row] as number];
      (kinds[kind] as number)++;
      (actors[actor] as number)++;
      if (of.isMarked[kind]) (marked[actor] as number)++;
    }
    return { kinds: [...kinds], actors: [...actors], marked: [...marked] };
  }

  /** Kept rows by actor; shared memory. */
  eventsOfActor(actorCount: number): SharedColumn {
    const { timeOrder, rows } = this.columns;
    const events = new Uint32Array(new SharedArrayBuffer(actorCount * 4));
    for (let i = 0; i < timeOrder.length; i++)
      (events[rows.actors[timeOrder[i] as number] as number] as number)++;
    return events;
  }

  /**
   * Counts all rows of the log by actor, the dropped ones included, and those of marked kinds among them.
   * @param isMarked by kind of event.
   */
  countAll(
    actorCount: number,
    isMarked: readonly boolean[],
  ): { readonly rows: readonly number[]; readonly marked: readonly number[] } {
    const { rows } = this.columns;
    const all = new Uint32Array(actorCount);
    const marked = new Uint32Array(actorCount);
    for (let row = 0; row < rows.count; row++) {
      const actor = rows.actors[row] as number;
      (all[actor] as number)++;
      if (isMarked[rows.kinds[row] as number]) (marked[actor] as number)++;
    }
    return { rows: [...all], marked: [...marked] };
  }
}
