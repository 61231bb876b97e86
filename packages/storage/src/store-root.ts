import { lstat, mkdir, rmdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { DomainError } from "@drover/core";
import { INSTALLATION_KEY } from "@drover/job-files";
import { FolderSync, syncFolders } from "./folder-sync.js";
import { TEMP_FOLDER } from "./key-rules.js";
import { asStorageError, hasCode, ignoring } from "./system-errors.js";

/**
 * The folder that a disk store is in. An unmounted disk leaves an empty folder, or none, at the same path, so
 * nothing is made there and nothing counts as missing unless the installation file is seen. Only `make`, for
 * that file's own sake, makes a folder regardless.
 */
export class StoreRoot {
  readonly path: string;
  /** Where blobs are before they are whole. */
  readonly temp: string;
  readonly folders: FolderSync;
  readonly #mark: string;

  constructor(path: string) {
    this.path = path;
    this.temp = join(path, TEMP_FOLDER);
    this.folders = new FolderSync(path);
    this.#mark = join(path, INSTALLATION_KEY);
  }

  /**
   * Checks that the store is there.
   * @throws `storage_unavailable` when it is not.
   */
  async assertThere(): Promise<void> {
    const found = await lstat(this.#mark).catch((error: unknown) => {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw asStorageError(error);
    });
    if (found?.isFile() === true) return;
    throw new DomainError(
      "storage_unavailable",
      "The storage folder has no installation file: its disk is not mounted, or it is not the folder that " +
        "Drover used before.",
      { retryAfterS: 5 },
    );
  }

  /**
   * What a failed system call means to whoever uses the store. A path of the store that is suddenly missing
   * is what a disk leaves that is unmounted, or mounted again, in the middle of a use.
   */
  nameTrouble(error: unknown): unknown {
    const isMissing =
      hasCode(error, "ENOENT", "ENOTDIR") && "path" in error && isBelow(error.path, this.path);
    if (!isMissing) return asStorageError(error);
    return new DomainError("storage_unavailable", "The storage went away while it was used.", {
      retryAfterS: 5,
      cause: error,
    });
  }

  /** Makes the folder itself and what a put of the installation file needs in it, durably. */
  async make(): Promise<void> {
    const first = await mkdir(this.path, { recursive: true, mode: 0o700 }); // every job's files
    for (const folder of [this.temp, dirname(this.#mark)]) await mkdir(folder).catch(ignoring("EEXIST"));
    await syncFolders(this.path, first === undefined ? this.path : dirname(first));
  }

  /**
   * Makes `folder` below the root, and what is missing on the way. A top-level folder is made only when the
   * store is there: those are never removed, so a missing one is new, or its disk is gone.
   */
  async makeFolder(folder: string): Promise<void> {
    let at = this.path;
    for (const [depth, name] of relative(this.path, folder).split(sep).entries()) {
      at = join(at, name);
      if ((await lstat(at).catch(ignoring("ENOENT"))) !== undefined) continue;
      if (depth === 0) await this.#makeTopFolder(at);
      else await mkdir(at).catch(ignoring("EEXIST"));
    }
  }

  /**
   * The disk may be unmounted between the look and the making: what was made in its mount point then is taken
   * back.
   */
  async #makeTopFolder(path: string): Promise<void> {
    await this.assertThere();
    const isOurs = await mkdir(path).then(() => true, ignoring("EEXIST"));
    this.folders.wasMade(path);
    try {
      await this.assertThere();
    } catch (error) {
      if (isOurs === true) await rmdir(path).catch(ignoring("ENOENT", "ENOTEMPTY", "EEXIST"));
      throw error;
    }
  }

  /** Whether `folder` is the root or one of its own folders, which stay when they are empty. */
  isKept(folder: string): boolean {
    return folder === this.path || dirname(folder) === this.path;
  }
}

function isBelow(path: unknown, folder: string): boolean {
  return typeof path === "string" && path.startsWith(`${folder}${sep}`);
}
