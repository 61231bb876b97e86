import type { Log } from "@drover/core";
import type { ChildUser } from "./child-user.js";

/**
 * Gives each child process a user of its own, of as many as `DROVER_CHILD_USER` names, so that attempts at the
 * same time cannot reach each other. With more processes than users two share one, which the log says once.
 */
export class ChildUsers {
  readonly #first: ChildUser;
  /** By number; how many processes have it. Those that were not used for longest come first. */
  readonly #holders: Map<number, number>;
  readonly #log: Log;
  #hasWarned: boolean;

  /** @param first the first of `first.count` users with adjacent numbers. */
  constructor(first: ChildUser, log: Log) {
    this.#first = first;
    this.#log = log;
    this.#holders = new Map(Array.from({ length: first.count }, (_, i) => [first.uid + i, 0]));
    this.#hasWarned = first.count === 1;
  }

  /** Takes a user for one process, until `giveBack`. */
  take(): ChildUser {
    const least = Math.min(...this.#holders.values());
    if (least > 0 && !this.#hasWarned) {
      this.#hasWarned = true;
      const { count } = this.#first;
      this.#log.warn("DROVER_CHILD_USER names fewer users than there are child processes: some share one", {
        users: count,
      });
    }
    const uid = [...this.#holders].find(([, holders]) => holders === least)?.[0] ?? this.#first.uid;
    this.#holders.delete(uid);
    this.#holders.set(uid, least + 1);
    return { ...this.#first, uid };
  }

  giveBack({ uid }: ChildUser): void {
    this.#holders.set(uid, Math.max(0, (this.#holders.get(uid) ?? 0) - 1));
  }
}
