import {
  ARTIFACT_NAME,
  type Artifact,
  type Attempt,
  type BlobStore,
  type Clock,
  DomainError,
  type Log,
  type Outcome,
  type StopReason,
} from "@drover/core";
import { MAX_ARTIFACTS, type WrittenArtifact } from "@drover/processor-sdk";
import { MAX_RESULT_BYTES } from "../children/messages.js";
import type { RunEnd } from "../children/runner.js";
import type { AttemptFolder } from "./attempt-folder.js";
import type { FolderHandle } from "./folder-handle.js";
import { failed, outcomeOfStop } from "./outcome.js";

/** Printable ASCII: it becomes a header. */
const MEDIA_TYPE = /^[\x20-\x7e]{1,255}$/;

export interface PublishDeps {
  readonly blobs: Pick<BlobStore, "adopt" | "remove">;
  readonly clock: Clock;
  /** Adds the fields of the attempt. */
  readonly log: Log;
}

export interface Publication {
  readonly attempt: Attempt;
  readonly end: Extract<RunEnd, { kind: "returned" }>;
  /**
   * The attempt's own folder, a child process's opened before it ran; the artifacts lie in its `artifacts`.
   */
  readonly source: Pick<AttemptFolder, "open">;
  /** Folder in the store, private to the attempt. */
  readonly target: string;
}

/**
 * Moves the artifacts of a returned attempt into the store and returns the outcome that points at them, or
 * leaves nothing there. The pointer is the publication: until the queue records it, nobody looks there. An
 * artifact that cannot be published makes the attempt a permanent failure; a storage that is full or away is
 * waited for.
 *
 * The processor had the last word on its folder. So no link is followed on the way to a file, and each file
 * is a plain one, on the folder's file system, with a single name, of the size it was reported with, and not
 * changed since it was hashed. What remains: code of a processor that lives on and still holds a file open
 * for writing can change its bytes afterwards; a download then misses its digest.
 * @throws what the store throws.
 */
export async function publish(deps: PublishDeps, publication: Publication): Promise<Outcome> {
  const { end, source, target } = publication;
  if (end.artifacts.length > MAX_ARTIFACTS)
    return refused(
      `The processor wrote ${end.artifacts.length} artifacts; at most ${MAX_ARTIFACTS} are kept.`,
    );
  // The child has looked already; this is for one that did not.
  if (Buffer.byteLength(JSON.stringify(end.result) ?? "null") > MAX_RESULT_BYTES)
    return refused(
      `The result has more than ${MAX_RESULT_BYTES} bytes as JSON. Write the rest to an artifact.`,
    );
  if (end.artifacts.length === 0) return { kind: "completed", result: end.result, artifacts: [] };
  const own = await source.open().catch(() => undefined);
  const folder = await own?.open("artifacts").catch(() => undefined);
  if (own === undefined || folder === undefined)
    return refused("The processor replaced the folder of its artifacts.");
  let outcome: Outcome | undefined;
  try {
    outcome = await storeAll(deps, publication, { folder, device: own.device });
    return outcome;
  } finally {
    await folder.close();
    if (outcome?.kind !== "completed") await removeStored(deps, target);
  }
}

async function storeAll(
  { blobs, clock }: PublishDeps,
  { attempt, end, target }: Publication,
  { folder, device }: { readonly folder: FolderHandle; readonly device: number },
): Promise<Outcome> {
  for (const artifact of end.artifacts) {
    if (await isPublishable(artifact, folder, device)) continue;
    const name = artifact.name.slice(0, 128);
    return refused(`Artifact ${name} is not the regular, finished file that the processor named.`);
  }
  const artifacts: Artifact[] = [];
  for (const { name, mediaType, isPrimary, sizeBytes, sha256, crc32, gzip } of end.artifacts) {
    const key = `${target}/${name}`;
    const adopt = () => blobs.adopt(key, folder.pathOf(name)).then(() => true, isUnchanged);
    const stored = await waitForStorage({ clock, attempt }, adopt);
    if (stored.kind === "stopped") return outcomeOfStop(stored.reason);
    if (!stored.value) return refused("The processor changed its artifacts after it had returned.");
    const way = gzip === undefined ? {} : { gzip };
    artifacts.push({ name, key, sizeBytes, mediaType, sha256, isPrimary, crc32, ...way });
  }
  return { kind: "completed", result: end.result, artifacts };
}

/** The store checks the very file that it moves again, and throws a `TypeError` for one that is not plain. */
function isUnchanged(error: unknown): false {
  if (error instanceof TypeError) return false;
  throw error;
}

async function removeStored({ blobs, log }: PublishDeps, target: string): Promise<void> {
  await blobs.remove(target).catch((error: unknown) => {
    log.warn("Artifacts of a failed attempt are left for the sweeper", { error });
  });
}

function refused(message: string): Outcome {
  return failed("processor_error", message, { retryable: false });
}

async function isPublishable(
  { name, mediaType, sizeBytes, gzip, changedAtMs }: WrittenArtifact,
  folder: FolderHandle,
  device: number,
): Promise<boolean> {
  if (!ARTIFACT_NAME.test(name) || !MEDIA_TYPE.test(mediaType)) return false;
  const found = await folder.lstat(name).catch(() => undefined);
  return (
    found?.isFile() === true &&
    found.nlink === 1 &&
    found.dev === device &&
    found.size === (gzip ?? { sizeBytes }).sizeBytes &&
    found.ctimeMs === changedAtMs
  );
}

/** What the work returned, or why the attempt was stopped while it waited. */
export type Waited<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "stopped"; readonly reason: StopReason };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Calls `work` until the storage is neither full nor unavailable, which another attempt would not mend. The
 * job shows that it waits; the pauses grow from 1 s to 10 s. Ends early when the attempt is stopped.
 * @throws what `work` throws for any other reason.
 */
export async function waitForStorage<T>(
  { clock, attempt }: { readonly clock: Clock; readonly attempt: Attempt },
  work: () => Promise<T>,
): Promise<Waited<T>> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return { kind: "done", value: await work() };
    } catch (error) {
      if (!isStorageTrouble(error)) throw error;
    }
    if (pauseMs === FIRST_PAUSE_MS)
      await attempt.progress({ percent: 0, stage: "storage", message: "Waiting for storage" });
    try {
      await clock.sleep(pauseMs, attempt.signal);
    } catch {
      return { kind: "stopped", reason: attempt.signal.reason as StopReason };
    }
  }
}

function isStorageTrouble(error: unknown): boolean {
  return (
    error instanceof DomainError && (error.code === "storage_full" || error.code === "storage_unavailable")
  );
}
