import type { JobChange } from "@drover/core";

/** Changes that may wait for one client; past it the client is cut off, and comes back for the rest. */
const MAX_WAITING = 2_000;

/**
 * The changes that one client has still to be told, in order. Progress that follows progress of the same job
 * takes its place. Ends with `close`, and when too many wait.
 */
export class ChangeInbox {
  #waiting: JobChange[] = [];
  #isClosed = false;
  #wake = () => {};

  readonly push = (change: JobChange): void => {
    if (this.#isClosed) return;
    const last = this.#waiting.at(-1);
    const isNewer = last?.type === "progress" && change.type === "progress" && last.jobId === change.jobId;
    if (isNewer) this.#waiting.pop();
    this.#waiting.push(change);
    if (this.#waiting.length > MAX_WAITING) this.close();
    this.#wake();
  };

  /** Ends it: nothing that waits is told any more. */
  readonly close = (): void => {
    this.#isClosed = true;
    this.clear();
    this.#wake();
  };

  /** Drops what waits. */
  clear(): void {
    this.#waiting = [];
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The next change, as soon as there is one; `undefined` at the end. */
  async next(): Promise<JobChange | undefined> {
    while (this.#waiting.length === 0 && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#waiting.shift();
  }
}
