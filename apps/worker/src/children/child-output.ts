import type { Readable } from "node:stream";
import { BEGIN_MARK, END_MARK, MAX_LOG_LENGTH } from "./messages.js";

/**
 * Cuts one output of a child into lines of at most `MAX_LOG_LENGTH` characters. Reads on to the end: a full
 * pipe would block the child. The child prints a mark at the beginning and at the end of each attempt: so it
 * is known when all of an attempt was read, and what was printed between two attempts is dropped.
 */
export class ChildOutput {
  readonly #onLine: (line: string) => void;
  #rest = "";
  #isBetween = false;
  #onMark = () => {};

  constructor(stream: Readable | null, onLine: (line: string) => void) {
    this.#onLine = onLine;
    stream?.setEncoding("utf8");
    stream?.on("error", () => {}); // the pipe ended with its child
    stream?.on("data", (text: string) => this.#read(text));
    stream?.on("end", () => this.#emit(this.#rest));
  }

  /** Resolves when the next mark of an end was read. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#onMark = resolve;
    });
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > MAX_LOG_LENGTH) this.#rest = this.#rest.slice(0, MAX_LOG_LENGTH);
  }

  #emit(line: string): void {
    const mark = [BEGIN_MARK, END_MARK].find((text) => line.endsWith(text));
    const shown = mark === undefined ? line : line.slice(0, -mark.length);
    const isDropped = this.#isBetween || mark === BEGIN_MARK;
    if (!isDropped && shown.trim() !== "") this.#onLine(shown.slice(0, MAX_LOG_LENGTH));
    if (mark !== undefined) this.#isBetween = mark === END_MARK;
    if (mark === END_MARK) this.#onMark();
  }
}
