/**
 * The columns of a segment while it is being loaded: a number per row and column. Used again for the next one, since
 * new memory for each would cost as much as reading the rows.
 */
export class SegmentColumns {
  rows = 0;
  readonly hashes: Float64Array<ArrayBuffer> | undefined;
  readonly #offsets: Uint32Array<ArrayBuffer>;
  readonly #lines: Uint32Array<ArrayBuffer>;
  readonly #times: Float64Array<ArrayBuffer>;
  readonly #kinds: Uint32Array<ArrayBuffer>;
  readonly #actors: Uint32Array<ArrayBuffer>;
  readonly #places: Uint32Array<ArrayBuffer>;
  readonly #runs: Uint32Array<ArrayBuffer>;

  readonly #bytes: number;

  /** @param bytes of the stretch; a usable row has at least 8. */
  constructor(bytes: number, wantsHashes: boolean) {
    this.#bytes = bytes;
    const most = Math.ceil(bytes / 8) + 1;
    this.#offsets = new Uint32Array(most);
    this.#lines = new Uint32Array(most);
    this.#times = new Float64Array(most);
    this.#kinds = new Uint32Array(most);
    this.#actors = new Uint32Array(most);
    this.#places = new Uint32Array(most);
    this.#runs = new Uint32Array(most);
    this.hashes = wantsHashes ? new Float64Array(most) : undefined;
  }

  /** Makes room for a stretch: these columns without their rows, or larger ones. */
  cleared(bytes: number): SegmentColumns {
    if (bytes > this.#bytes) return new SegmentColumns(bytes, this.hashes !== undefined);
    this.rows = 0;
    return this;
  }

  add(
    row: { readonly offset: number; readonly line: number; readonly time: number; readonly run: number },
    is: { readonly kind: number; readonly actor: number; readonly place: number },
  ): void {
    const at = this.rows++;
    this.#offsets[at] = row.offset;
    this.#lines[at] = row.line;
    this.#times[at] = row.time;
    this.#kinds[at] = is.kind;
    this.#actors[at] = is.actor;
    this.#places[at] = is.place;
    this.#runs[at] = row.run;
  }

  /** The columns, no longer than their rows, so that they can be handed to another thread. */
  trimmed() {
    return {
      rows: this.rows,
      offsets: this.#offsets.slice(0, this.rows),
      lineNumbers: this.#lines.slice(0, this.rows),
      times: this.#times.slice(0, this.rows),
      kinds: this.#kinds.slice(0, this.rows),
      actors: this.#actors.slice(0, this.rows),
      places: this.#places.slice(0, this.rows),
      runs: this.#runs.slice(0, this.rows),
      hashes: this.hashes?.slice(0, this.rows),
    };
  }
}
