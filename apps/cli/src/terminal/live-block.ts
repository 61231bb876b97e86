import { type Paint, type Piece, plain, renderLine } from "./paint.js";

/** Least time between two drawings, in ms: quicker ones flicker, and fill a slow line. */
const DRAW_MS = 100;

/**
 * Lines at the bottom of a terminal that are drawn over and over. What is drawn last is what stays. The cursor
 * is never hidden and nothing is switched, so that a process that dies leaves the terminal as it was.
 */
export class LiveBlock {
  readonly #out: NodeJS.WriteStream;
  readonly #paint: Paint;
  #shown = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #pending: (() => readonly (readonly Piece[])[]) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(out: NodeJS.WriteStream, paint: Paint = plain) {
    this.#out = out;
    this.#paint = paint;
  }

  /** Shows what `lines` returns: at once, or as soon as the last drawing is old enough. */
  draw(lines: () => readonly (readonly Piece[])[]): void {
    this.#pending = lines;
    const waitMs = this.#drawnAt + DRAW_MS - performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs).unref();
  }

  /** Writes a line above the block that stays. */
  print(pieces: readonly Piece[]): void {
    this.#erase();
    this.#out.write(`${renderLine(pieces, Number.POSITIVE_INFINITY, this.#paint)}\n`);
    this.#flush();
  }

  /** Shows what was drawn last, and leaves the cursor on a line of its own. */
  end(): void {
    if (this.#timer !== undefined) this.#flush();
    if (this.#shown > 0) this.#out.write("\n");
    this.#shown = 0;
  }

  /** Takes the block away. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#pending = undefined;
    this.#erase();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === undefined) return;
    const { columns = 80, rows = 24 } = this.#out;
    const lines = this.#pending().slice(0, Math.max(1, rows - 1));
    this.#drawnAt = performance.now();
    this.#erase(lines.length);
    this.#out.write(
      lines.map((pieces) => `\r\u001b[K${renderLine(pieces, columns - 1, this.#paint)}`).join("\n"),
    );
    this.#shown = lines.length;
  }

  /** Goes to the block's first line; takes the block away when fewer lines are to come. */
  #erase(coming = 0): void {
    if (this.#shown > 1) this.#out.write(`\u001b[${this.#shown - 1}A`);
    if (this.#shown > coming) this.#out.write("\r\u001b[J");
    this.#shown = 0;
  }
}
