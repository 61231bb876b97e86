import {
  BlobExistsError,
  type BlobStore,
  DomainError,
  type InstallationMark,
  type InstallationMarks,
} from "@drover/core";
import { INPUTS, INSTALLATION_KEY, JOBS } from "./blob-keys.js";
import { putText, readText } from "./blob-text.js";

/**
 * What is known of the pair of Redis and storage: `agreed` when both carry the id of one installation,
 * `refused` when they do not, or the storage is away, `unknown` while Redis does not answer. `detail` says
 * what was found and what to do; it has no address and no secret.
 */
export type InstallationState =
  | { readonly kind: "agreed"; readonly id: string }
  | {
      readonly kind: "refused";
      readonly code: "storage_not_shared" | "storage_unavailable";
      readonly detail: string;
    }
  | { readonly kind: "unknown"; readonly detail: string };

export interface PairDeps {
  readonly marks: InstallationMarks;
  readonly store: Pick<BlobStore, "open" | "put" | "list">;
  /** Of the keys in Redis, for the words. */
  readonly prefix: string;
  /** Unique among all installations; letters, digits and "-". */
  readonly newId: () => string;
}

export interface PairOptions {
  /** The id that this process saw both agree on before: a Redis that lost its data is bound to it again. */
  readonly known?: string | undefined;
  /** A person says that the two belong together: what one of them lacks is made. */
  readonly isAdopting?: boolean;
}

/** Others may make the pair at the same moment; whoever is second looks again. */
const ROUNDS = 3;

/**
 * Compares the mark in Redis with the installation file of the store, and makes both the first time.
 *
 * ```
 *                      no mark                 mark `new`               mark `bound`
 *   no file            make both if both are   the same: somebody died  refused: the storage vanished,
 *                      empty, or both are not  while making them        or is another one
 *   file, its id       (cannot be)             bind                     agreed
 *   file, another id   refused unless known    refused                  refused
 * ```
 * The mark comes first, in state `new`; then the file, which only one of all processes can put; then the mark
 * is bound. So the next process completes what a killed one began, and of two with one store and two servers
 * one is refused.
 * @throws what Redis and store throw.
 */
export async function pairUp(deps: PairDeps, options: PairOptions = {}): Promise<InstallationState> {
  for (let round = 1; round <= ROUNDS; round++) {
    const file = await readInstallation(deps.store);
    const state = file === undefined ? await withoutFile(deps, options) : await withFile(deps, options, file);
    if (state !== undefined) return state;
  }
  return { kind: "unknown", detail: "Redis and storage are being paired by another process." };
}

async function withFile(deps: PairDeps, options: PairOptions, file: string): Promise<InstallationState> {
  const mark = await deps.marks.read();
  if (mark?.state === "bound" && mark.id === file) return { kind: "agreed", id: file };
  const isOurs = mark?.id === file || options.isAdopting === true;
  if (mark?.state === "bound" || (mark !== undefined && !isOurs)) return refused(differ(deps, mark.id, file));
  if (!isOurs && options.known !== file) return refused(unmarked(deps, file));
  const bound = await deps.marks.bind(file);
  return bound.id === file ? { kind: "agreed", id: file } : refused(differ(deps, bound.id, file));
}

/** `undefined` when another process was faster: look again. */
async function withoutFile(deps: PairDeps, options: PairOptions): Promise<InstallationState | undefined> {
  const { marks, store } = deps;
  const mark = await marks.read();
  if (options.known !== undefined) return refused(vanished(options.known), "storage_unavailable");
  if (options.isAdopting !== true) {
    const obstacle = await obstacleOf(deps, mark);
    // The process that makes the pair at this moment may have put the file since it was looked for.
    if (obstacle !== undefined)
      return (await readInstallation(store)) === undefined ? refused(obstacle) : undefined;
  }
  const { id, state } = mark ?? (await marks.create(deps.newId()));
  if (state === "bound" && mark === undefined) return undefined;
  try {
    await putText(INSTALLATION_KEY, JSON.stringify({ version: 1, id }), store, { ifAbsent: true });
  } catch (error) {
    if (error instanceof BlobExistsError) return undefined;
    throw error;
  }
  const bound = await marks.bind(id);
  return bound.id === id ? { kind: "agreed", id } : refused(differ(deps, bound.id, id));
}

/** Why a pair without an installation file is not made; `undefined` when it may be. */
async function obstacleOf(deps: PairDeps, mark: InstallationMark | undefined): Promise<string | undefined> {
  if (mark?.state === "bound") return noFile(deps, mark.id);
  const [hasFiles, hasJobs] = await Promise.all([hasJobFiles(deps.store), deps.marks.hasJobs()]);
  if (hasFiles === hasJobs) return undefined;
  return hasFiles ? filesOnly(deps) : jobsOnly(deps);
}

/**
 * The id in the store's installation file; `undefined` when there is none. A file that cannot be read as one
 * is nobody's.
 */
async function readInstallation(store: Pick<BlobStore, "open">): Promise<string | undefined> {
  const text = await readText(INSTALLATION_KEY, 1_024, store);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "id" in value && typeof value.id === "string")
      return value.id;
  } catch {
    // not JSON: told below
  }
  throw new DomainError("storage_unavailable", `The storage's file ${INSTALLATION_KEY} is damaged.`);
}

async function hasJobFiles(store: Pick<BlobStore, "list">): Promise<boolean> {
  for (const prefix of [INPUTS, JOBS]) {
    try {
      for await (const _blob of store.list(prefix)) return true;
    } catch (error) {
      const isNoStore = error instanceof DomainError && error.code === "storage_unavailable";
      if (!isNoStore) throw error; // a store that was never made has no files
    }
  }
  return false;
}

function refused(
  detail: string,
  code: "storage_not_shared" | "storage_unavailable" = "storage_not_shared",
): InstallationState {
  return { kind: "refused", code, detail };
}

const CHECK = "Check REDIS_URL, DROVER_QUEUE_PREFIX and DROVER_STORAGE";
const ADOPT = 'run "drover reconcile --adopt"';
const redis = ({ prefix }: PairDeps) => `Redis (prefix "${prefix}")`;

function differ(deps: PairDeps, mark: string, file: string): string {
  return (
    `${redis(deps)} belongs to installation ${mark}, the storage to installation ${file}. ` +
    `${CHECK}; one of them is wrong.`
  );
}

function unmarked(deps: PairDeps, file: string): string {
  return (
    `The storage belongs to installation ${file}, ${redis(deps)} to none: ` +
    `it is another one, or it lost its data. ${CHECK}; if they are right, ${ADOPT}.`
  );
}

function noFile(deps: PairDeps, mark: string): string {
  return (
    `${redis(deps)} belongs to installation ${mark}, and the storage has no installation file: ` +
    `it is another one, or its disk is not mounted. ${CHECK}; ` +
    `if they are right and its files are lost, ${ADOPT}.`
  );
}

function vanished(id: string): string {
  return (
    `The storage of installation ${id} has lost its installation file: its disk is not mounted, ` +
    "or its files were removed. All goes on by itself when it is back."
  );
}

function filesOnly(deps: PairDeps): string {
  return `The storage holds files of jobs, and ${redis(deps)} knows no job; ${neither()}`;
}

function jobsOnly(deps: PairDeps): string {
  return `${redis(deps)} knows jobs, and the storage holds no file; ${neither()}`;
}

function neither(): string {
  return `neither says which installation it belongs to. ${CHECK}; if they are right, ${ADOPT}.`;
}
