import type { BlobStore, Clock, Job, QueuePorts } from "@drover/core";
import { INPUTS, type Manifest, readManifest, tombstone, writeManifest } from "@drover/job-files";
import type { Confirmed } from "./confirmed.js";
import { lookAtJob } from "./look-at-job.js";

export interface ReconcileDeps {
  readonly queue: Pick<QueuePorts, "jobs" | "facts">;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Age at which a file that belongs to no job is removed, in ms. */
  readonly orphanGraceMs: number;
  readonly confirmed: Confirmed;
}

/** What was put right between inputs and jobs. */
export interface Reconciled {
  /** Jobs that Redis had lost. */
  restored: number;
  /** Manifests that now say how their job ended, or that it runs again. */
  settled: number;
  /** Inputs of completed, expired, unknown or other jobs. */
  inputsRemoved: number;
}

/** A manifest this young may belong to a submit that is under way, in ms. */
const SUBMIT_MS = 10_000;
/** Is in Redis as long as Redis has forgotten nothing. */
const CANARY = "reconciled";
const CANARY_TTL_MS = 30 * 24 * 3_600_000;

interface InputFolder {
  readonly folder: string;
  hasFile: boolean;
  manifestAt: number | undefined;
  newestAt: number;
}

/**
 * Makes inputs and jobs agree. The job is right where there is one; where there is none, the manifest is: not settled means that the job
 * was accepted and Redis lost it, so it is queued again under its id. Can be repeated, and run in several workers at once:
 * a submit is idempotent by id, a removal by key.
 */
export async function reconcile(deps: ReconcileDeps, signal: AbortSignal): Promise<Reconciled> {
  const done: Reconciled = { restored: 0, settled: 0, inputsRemoved: 0 };
  if ((await deps.queue.facts.get(CANARY)) === undefined) deps.confirmed.clear();
  for (const input of await listInputs(deps.blobs)) {
    if (signal.aborted) return done;
    const name = `${input.folder}@${input.manifestAt}`;
    if (deps.confirmed.has(name)) continue;
    if (await reconcileOne(deps, input, done)) deps.confirmed.add(name);
  }
  await deps.queue.facts.set(CANARY, new Date(deps.clock.now()).toISOString(), CANARY_TTL_MS);
  return done;
}

async function listInputs(blobs: BlobStore): Promise<Iterable<InputFolder>> {
  const folders = new Map<string, InputFolder>();
  for await (const { key, modifiedAt } of blobs.list(INPUTS)) {
    const folder = key.slice(0, key.lastIndexOf("/"));
    const input = folders.get(folder) ?? { folder, hasFile: false, manifestAt: undefined, newestAt: 0 };
    if (key.endsWith("/manifest.json")) input.manifestAt = modifiedAt;
    else input.hasFile = true;
    input.newestAt = Math.max(input.newestAt, modifiedAt);
    folders.set(folder, input);
  }
  return folders.values();
}

/** Whether input and job are in order and need no second look soon. */
async function reconcileOne(deps: ReconcileDeps, input: InputFolder, done: Reconciled): Promise<boolean> {
  const now = deps.clock.now();
  const manifest =
    input.manifestAt === undefined ? undefined : await readManifest(`${input.folder}/file`, deps.blobs);
  if (manifest === undefined) return removeOrphan(deps, input, done);
  if (now - (input.manifestAt ?? now) < SUBMIT_MS) return false;
  const job = await lookAtJob(deps.queue, manifest.request.id);
  if (job === "damaged") return true; // shown as such; a person deletes it
  if (job === undefined) return withoutJob(deps, input, manifest, done);
  if (job.input.key !== manifest.request.input.key) return removeOrphan(deps, input, done);
  return withJob(deps, input, { manifest, job }, done);
}

async function withoutJob(
  deps: ReconcileDeps,
  input: InputFolder,
  manifest: Manifest,
  done: Reconciled,
): Promise<boolean> {
  const { request, settled } = manifest;
  if ((await deps.queue.facts.get(tombstone(request.id))) !== undefined) return remove(deps, input, done);
  // Without a file there is nothing to retry: the job was deleted while its manifest was written.
  if (settled !== null) return input.hasFile ? removeOrphan(deps, input, done) : remove(deps, input, done);
  // Looked at again, because the job may have completed since the listing, and its input gone with it.
  if ((await deps.blobs.stat(`${input.folder}/manifest.json`)) === undefined) return false;
  await deps.queue.jobs.submit(request, { isRestored: true });
  done.restored += 1;
  return true;
}

async function withJob(
  deps: ReconcileDeps,
  input: InputFolder,
  { manifest, job }: { readonly manifest: Manifest; readonly job: Job },
  done: Reconciled,
): Promise<boolean> {
  if (job.status === "completed") return remove(deps, input, done);
  const hasEnded = job.status === "failed" || job.status === "cancelled";
  if (hasEnded && !input.hasFile) return remove(deps, input, done);
  if (hasEnded === (manifest.settled !== null)) return true;
  // A job that was retried by a person may have other params than its manifest.
  const request = { ...manifest.request, params: job.params };
  const settled = hasEnded
    ? ({
        status: job.status === "failed" ? "failed" : "cancelled",
        at: job.finishedAt ?? deps.clock.now(),
      } as const)
    : null;
  await writeManifest({ version: 1, request, settled }, deps.blobs);
  done.settled += 1;
  return true;
}

async function removeOrphan(deps: ReconcileDeps, input: InputFolder, done: Reconciled): Promise<false> {
  return deps.clock.now() - input.newestAt < deps.orphanGraceMs ? false : remove(deps, input, done);
}

async function remove({ blobs }: ReconcileDeps, { folder }: InputFolder, done: Reconciled): Promise<false> {
  await blobs.remove(folder);
  done.inputsRemoved += 1;
  return false;
}
