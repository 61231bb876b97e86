import { mkdirSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import type { ChildUser } from "../children/child-user.js";
import { type FolderHandle, openFolder } from "./folder-handle.js";
import { removeFolder } from "./remove-folder.js";

/**
 * An attempt's own folder on this machine, made when somebody needs it and at most once: an attempt that goes
 * on after its end gets none. Ends with `remove`.
 */
export class AttemptFolder {
  /** Short: it becomes TMPDIR, where programs put sockets, whose path has at most 107 characters (unix(7)). */
  readonly path: string;
  /** For a copy of the input, where the store has no file of its own. */
  readonly copies: string;
  #state: "none" | "made" | "removed" = "none";
  #handle: FolderHandle | undefined;

  constructor(path: string) {
    this.path = path;
    this.copies = `${path}-input`;
  }

  /**
   * Makes it for a child process, and opens it before that can put a link in its place. Only its owner may
   * enter it.
   */
  async make(): Promise<void> {
    await mkdir(this.path, { mode: 0o700 });
    this.#state = "made";
    this.#handle = await openFolder(this.path);
  }

  /** Makes it the user's that the child runs as, once it was made for a child process. */
  readonly giveTo = async (user: ChildUser): Promise<void> => {
    await this.#handle?.giveTo(user);
  };

  /** Makes it for a processor in this process, unless it is there or was removed. */
  readonly makeNow = (): void => {
    if (this.#state !== "none") return;
    mkdirSync(this.path);
    this.#state = "made";
  };

  /** Opens it, once it was made; closed by `remove`. */
  async open(): Promise<FolderHandle> {
    this.#handle ??= await openFolder(this.path);
    return this.#handle;
  }

  /** Removes it with all that is in it. @param mayHaveCopies whether `copies` may be there. */
  async remove(mayHaveCopies: boolean): Promise<void> {
    const wasMade = this.#state === "made";
    this.#state = "removed";
    await this.#handle?.close();
    if (wasMade) await rmdir(this.path).catch(() => removeFolder(this.path)); // most attempts leave it empty
    if (mayHaveCopies) await removeFolder(this.copies);
  }
}
