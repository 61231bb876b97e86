import {
  type BlobStore,
  DEFAULT_TENANT,
  type JobId,
  type JobInput,
  type JobRequest,
  type SharedFacts,
} from "@drover/core";
import { tombstoneKey } from "./blob-keys.js";
import { putText, readText } from "./blob-text.js";

/**
 * Name of the fact that a job expired, for 410 instead of 404. Its value is the time of expiry in RFC 3339, and
 * after a space the tenant, unless that is the default one; `?` when it is not known.
 */
export function expiredFact(id: JobId): string {
  return `expired:${id}`;
}

/** How long a client is told that a job expired, in ms. */
const TOLD_MS = 30 * 24 * 3_600_000;

/** Notes that the job expired at the time, in ms since the epoch. */
export async function noteExpiry(
  { id, tenant = "?" }: { readonly id: JobId; readonly tenant: string | undefined },
  at: number,
  facts: Pick<SharedFacts, "set">,
): Promise<void> {
  const time = new Date(at).toISOString();
  await facts.set(expiredFact(id), tenant === DEFAULT_TENANT ? time : `${time} ${tenant}`, TOLD_MS);
}

/**
 * When the job expired, in RFC 3339; `undefined` when it did not.
 * @param of whose job it has to be; anybody's without it.
 */
export async function readExpiry(
  id: JobId,
  facts: Pick<SharedFacts, "get">,
  of?: { readonly tenant: string },
): Promise<string | undefined> {
  const [time, tenant = DEFAULT_TENANT] = (await facts.get(expiredFact(id)))?.split(" ") ?? [];
  return of === undefined || tenant === of.tenant ? time : undefined;
}

/**
 * A person deleted the job. Written before anything of it is removed, so that whatever comes back (a Redis
 * that forgot the last second, another manifest with the same id) is known to be dead: it is neither restored
 * nor run, but removed. Ids and times, nothing of the job.
 */
export interface Tombstone {
  readonly version: 1;
  readonly id: JobId;
  /** Key of the job's input; `null` when its record could no longer be read. */
  readonly inputKey: string | null;
  /**
   * When the job was deleted, ms since the epoch. A job of the same id that was made later is another one.
   */
  readonly at: number;
}

/** Larger than any tombstone. */
const MAX_BYTES = 4_096;

/** Says for good that the job is deleted. */
export async function bury(
  { id, input }: { readonly id: JobId; readonly input?: Pick<JobInput, "key"> },
  at: number,
  store: Pick<BlobStore, "put">,
): Promise<void> {
  const stone: Tombstone = { version: 1, id, inputKey: input?.key ?? null, at };
  await putText(tombstoneKey(id), JSON.stringify(stone), store);
}

/** Takes back what `bury` said: the job could not be deleted, or the stone is old. */
export async function unbury(id: JobId, store: Pick<BlobStore, "remove">): Promise<void> {
  await store.remove(tombstoneKey(id));
}

/** The tombstone of a deleted job; `undefined` when there is none that can be read. */
export async function readTombstone(
  id: string,
  store: Pick<BlobStore, "open">,
): Promise<Tombstone | undefined> {
  const text = await readText(tombstoneKey(id), MAX_BYTES, store);
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Tombstone>;
    const isWhole = value.version === 1 && value.id === id && typeof value.at === "number";
    return isWhole ? (value as Tombstone) : undefined;
  } catch {
    return undefined; // not ours
  }
}

/** Whether the job is one that was deleted, rather than a later one of the same id. */
export async function isBuried(
  job: Pick<JobRequest, "id" | "createdAt">,
  store: Pick<BlobStore, "open">,
): Promise<boolean> {
  const stone = await readTombstone(job.id, store);
  return stone !== undefined && job.createdAt <= stone.at;
}
