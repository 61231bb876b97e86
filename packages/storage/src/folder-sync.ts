import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { ignoring } from "./system-errors.js";

/** The fsync of a folder that runs, and the one that follows it. */
interface Syncs {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Fsyncs folders of one store. Calls for a folder that is being synced share the sync that follows: what was
 * renamed into it after a sync had begun may be missed by that one.
 */
export class FolderSync {
  readonly #root: string;
  readonly #syncOne: (folder: string) => Promise<void>;
  readonly #syncs = new Map<string, Syncs>();
  /** Folders at the top whose names in the root are known to be on disk: those are never removed. */
  readonly #lasting = new Set<string>();

  /** @param syncOne fsyncs one folder. */
  constructor(root: string, syncOne = syncFolder) {
    this.#root = root;
    this.#syncOne = syncOne;
  }

  /**
   * Fsyncs `folder` and those above it, so that their names survive a power loss. All of them each time, not
   * only those that this process made: another one may have made a folder and not yet synced it. A folder
   * that has gone took the blob with it, so there is nothing left to keep.
   * @param folder the root, or below it.
   */
  async syncUpwards(folder: string): Promise<void> {
    const folders = foldersUpTo(this.#root, folder);
    const top = folders.at(-2);
    const isKnown = top !== undefined && this.#lasting.has(top);
    await Promise.all((isKnown ? folders.slice(0, -1) : folders).map((each) => this.#sync(each)));
    if (top !== undefined) this.#lasting.add(top);
  }

  /** To be called when a folder at the top was made: its name is not on disk yet. */
  wasMade(top: string): void {
    this.#lasting.delete(top);
  }

  #sync(folder: string): Promise<void> {
    const known = this.#syncs.get(folder);
    if (known !== undefined) {
      known.next ??= known.running.then(
        () => this.#start(folder),
        () => this.#start(folder),
      );
      return known.next;
    }
    return this.#start(folder);
  }

  #start(folder: string): Promise<void> {
    const running = this.#syncOne(folder);
    const syncs: Syncs = { running, next: undefined };
    this.#syncs.set(folder, syncs);
    const forget = () => {
      if (syncs.next === undefined) this.#syncs.delete(folder);
    };
    running.then(forget, forget);
    return running;
  }
}

/** Fsyncs `from` and every folder above it up to `to`, each when it is there. */
export async function syncFolders(from: string, to: string): Promise<void> {
  await Promise.all(foldersUpTo(to, from).map(syncFolder));
}

/** `folder` and the folders above it, up to `top`. */
function foldersUpTo(top: string, folder: string): string[] {
  const folders = [folder];
  for (let at = folder; at !== top && !relative(top, at).startsWith(".."); ) {
    at = dirname(at);
    folders.push(at);
  }
  return folders;
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(ignoring("ENOENT"));
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
