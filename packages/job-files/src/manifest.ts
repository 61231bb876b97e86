import {
  type BlobStore,
  DEFAULT_TENANT,
  endOfJob,
  type Job,
  type JobEnd,
  type JobId,
  type JobRequest,
  type PutOptions,
} from "@drover/core";
import { inputFolder, keyedInputs, manifestKey } from "./blob-keys.js";
import { putText, readText } from "./blob-text.js";
import { isBuried } from "./tombstone.js";

/**
 * What lies beside an input for as long as its job is kept: enough to queue the job again when Redis lost it,
 * and, once it ended, to show its end again. Written before the job is queued (not settled), when the job
 * ended (settled), and before a person's retry queues it again (not settled, with the end that the retry
 * undoes). So a settled manifest beside a job that waits or runs means that Redis forgot the end, unless the
 * job says that this very end was reopened.
 */
export interface Manifest {
  readonly version: 1;
  readonly request: JobRequest;
  /** How the job ended; `null` while it has to run. */
  readonly settled: JobEnd | null;
  /** The time of the end that a person's retry undid, ms since the epoch; absent before the first retry. */
  readonly reopenedEnd?: number | undefined;
}

/** The manifest as the bytes of its blob: JSON in UTF-8. */
export function encodeManifest(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/** The manifest that `text` holds, or `undefined` when it is none of a version that is known. */
export function decodeManifest(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isManifest(value)) return undefined;
    const request = { ...value.request, tenant: value.request.tenant ?? DEFAULT_TENANT }; // earlier versions had none
    return { ...value, request, settled: completeEnd(value.settled) };
  } catch {
    return undefined; // not JSON: a torn or foreign file, which the sweeper treats as no manifest
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null || !("version" in value) || !("request" in value))
    return false;
  const { request } = value;
  return (
    value.version === 1 &&
    typeof request === "object" &&
    request !== null &&
    "id" in request &&
    "input" in request &&
    "processor" in request
  );
}

/** The end with all of its members: manifests of earlier versions have only the first two. */
function completeEnd(end: Partial<JobEnd> | null | undefined): JobEnd | null {
  if (end?.status === undefined || end.at === undefined) return null;
  const { status, at, attempt = 0, result = null, artifacts = [], error = null } = end;
  const { percent } = end;
  const complete = { status, at, attempt, result, artifacts, error };
  return percent === undefined ? complete : { ...complete, percent };
}

/**
 * Larger than any manifest: a job request is under 4 KiB, a result under 64 KiB, and 200 artifacts have names
 * of up to 255 bytes, twice.
 */
const MAX_MANIFEST_BYTES = 1 << 20;

/** The manifest beside an input; `undefined` when there is none that can be read. */
export async function readManifest(
  inputKey: string,
  store: Pick<BlobStore, "open">,
): Promise<Manifest | undefined> {
  const text = await readText(manifestKey(inputKey), MAX_MANIFEST_BYTES, store);
  return text === undefined ? undefined : decodeManifest(text);
}

/**
 * A manifest this young may belong to a submit, a retry or an end that is under way, in ms by the store's
 * time.
 */
export const UNDER_WAY_MS = 10_000;

/**
 * What the store says of a keyed job that Redis does not know, to a submit with its key that has stored its
 * own upload at `ownKey`. Of several manifests (a repeated submit died before it discarded its upload) the
 * one that knows most counts.
 * @returns `undefined` when there is nothing, or only submits that are under way and may yet be refused: then
 *   the queue says whose comes first.
 */
export async function findKeyedManifest(
  id: JobId,
  ownKey: string,
  store: Pick<BlobStore, "open" | "list">,
): Promise<Manifest | undefined> {
  const changedAt = new Map<string, number>();
  for await (const { key, modifiedAt } of store.list(keyedInputs(id))) changedAt.set(key, modifiedAt);
  const now = changedAt.get(ownKey) ?? 0; // written a moment ago, with the same clock as the manifests
  const own = manifestKey(ownKey);
  const found: Manifest[] = [];
  for (const [key, at] of changedAt) {
    if (key !== manifestKey(key) || key === own) continue;
    const manifest = await readManifest(key, store);
    if (manifest?.request.id !== id || inputFolder(manifest.request.input.key) !== inputFolder(key)) continue;
    if (manifest.settled !== null || now - at >= UNDER_WAY_MS) found.push(manifest);
  }
  return found.sort(byKnowledge)[0];
}

/** The newest end first; without one, the first submit. */
function byKnowledge(a: Manifest, b: Manifest): number {
  const end = ({ settled, reopenedEnd }: Manifest) => settled?.at ?? reopenedEnd ?? 0;
  return end(b) - end(a) || a.request.createdAt - b.request.createdAt;
}

/** Stores the manifest beside its input, in the place of an earlier one. */
export async function writeManifest(
  manifest: Manifest,
  store: Pick<BlobStore, "put">,
  options: Pick<PutOptions, "after" | "mayRevert"> = {},
): Promise<void> {
  await putText(manifestKey(manifest.request.input.key), encodeManifest(manifest), store, options);
}

/**
 * Writes how a finished job ended into its manifest. Not when it says so already, when it is gone (the job
 * was deleted), or when it was opened again for a retry that undoes this end. `readJob` is asked after the
 * write whether the job still has this end: if a retry came in between, the manifest is opened again, and if
 * a delete did, it goes.
 * @returns whether the end is in the manifest and in Redis now.
 */
export async function settleManifest(
  job: Job,
  store: Pick<BlobStore, "open" | "put" | "remove">,
  readJob: () => Promise<Job | undefined>,
): Promise<boolean> {
  const manifest = await readManifest(job.input.key, store);
  return manifest === undefined ? false : settleKnownManifest(manifest, { job, store, readJob });
}

/** The same for whoever knows what the manifest says. */
export async function settleKnownManifest(
  manifest: Manifest,
  {
    job,
    store,
    readJob,
  }: {
    readonly job: Job;
    readonly store: Pick<BlobStore, "open" | "put" | "remove">;
    readonly readJob: () => Promise<Job | undefined>;
  },
): Promise<boolean> {
  const end = endOfJob(job);
  if (end === undefined || manifest.request.id !== job.id) return false;
  if (manifest.settled?.at === end.at) return true;
  if ((manifest.settled?.at ?? 0) > end.at) return false; // it is Redis that forgot
  if ((manifest.reopenedEnd ?? 0) >= end.at) return false;
  const request = { ...manifest.request, params: job.params };
  // Redis has the end too: whichever of the two a power loss spares tells the sweeper.
  await writeManifest({ ...manifest, request, settled: end }, store, { mayRevert: true });
  const now = await readJob();
  if (now?.finishedAt === end.at) return true;
  if (now !== undefined) {
    const reopened = { ...request, params: now.params };
    await writeManifest({ ...manifest, request: reopened, settled: null, reopenedEnd: end.at }, store);
  } else if (await isBuried(job, store)) {
    await store.remove(manifestKey(job.input.key)); // deleted meanwhile: nothing of it must come back
  } // else Redis lost the job, and the manifest is what it comes back from
  return false;
}
