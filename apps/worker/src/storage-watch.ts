import { type BlobStore, DomainError, type ErrorCode, type LiveApis, type Log } from "@drover/core";
import { Canaries, type Installation } from "@drover/job-files";

/** Why a worker runs no jobs though Redis answers. */
export type Obstacle = Extract<ErrorCode, "storage_not_shared" | "storage_unavailable">;

/**
 * Whether this worker works on the storage of the apis. Both throw `redis_unavailable` when that is not
 * known.
 */
export interface StorageWatch {
  /**
   * Writes the worker's canary and looks for those of the apis, at each heartbeat. `undefined` when all is
   * well.
   */
  look(): Promise<Obstacle | undefined>;
  /**
   * Returns what the last look found, unless Redis and storage no longer belong together now; for each
   * attempt.
   */
  obstacle(): Promise<Obstacle | undefined>;
}

export interface StorageWatchDeps {
  readonly workerId: string;
  readonly installation: Pick<Installation, "confirm">;
  readonly apis: LiveApis;
  readonly store: BlobStore;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

const NOT_SHARED =
  "The storage of this worker is not the one that the apis work on, or a copy of it; it takes no jobs. " +
  "DROVER_STORAGE has to name one storage for all processes.";

/**
 * A look this young, in ms, answers for an attempt: a connection that breaks is remade 100 ms later at the
 * earliest, so what was looked at is what the job came from.
 */
const RECENT_MS = 90;

/**
 * The worker shares the storage when it belongs to its Redis, and when, of the apis that live, at least one
 * sees the worker's canary and has its own seen. One api on a wrong folder must not stop all workers: it sees
 * none of them, and refuses submits itself.
 */
export function createStorageWatch(deps: StorageWatchDeps): StorageWatch {
  const { workerId, installation, apis, store } = deps;
  const canaries = new Canaries(store);
  let isShared = true;
  const lookAround = async () => {
    await canaries.keep(workerId, deps.now());
    const live = await apis.read();
    const shared = await Promise.all(
      live.map(async (api) => !api.unseenWorkers.includes(workerId) && (await canaries.sees(api.id))),
    );
    const isNowShared = live.length === 0 || shared.includes(true);
    if (isShared && !isNowShared) deps.log.error(NOT_SHARED);
    isShared = isNowShared;
  };
  return {
    look: () =>
      obstacleOf(async () => {
        await installation.confirm();
        await lookAround();
        assertShared(isShared);
      }),
    obstacle: () =>
      obstacleOf(async () => {
        await installation.confirm(RECENT_MS);
        assertShared(isShared);
      }),
  };
}

function assertShared(isShared: boolean): void {
  if (isShared) return;
  throw new DomainError("storage_not_shared", NOT_SHARED);
}

async function obstacleOf(work: () => Promise<void>): Promise<Obstacle | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "storage_unavailable"; // such as EACCES
    if (!(error instanceof DomainError)) throw error;
    if (error.code === "storage_not_shared" || error.code === "storage_unavailable") return error.code;
    if (error.code === "storage_full") return undefined; // no canary fits, but jobs may end and make room
    throw error;
  }
}
