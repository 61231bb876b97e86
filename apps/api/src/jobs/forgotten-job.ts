import { DomainError, type Job, type JobEnd, type JobRequest, jobFields } from "@drover/core";
import { findKeyedManifest, type Manifest, tombstoneKey, writeManifest } from "@drover/job-files";
import type { Deps } from "../deps.js";
import { expiryOf } from "./find-job.js";

/**
 * The job that a keyed submit asks for, when Redis does not know it but the store does: Redis lost it, and
 * reconcile has not come by yet. It becomes what its manifest says, as reconcile would make it: finished with
 * its result, or queued as it was first asked for. So a request that is repeated never runs again what has
 * ended. `undefined` when the key is new.
 * @throws `job_expired` when the job was there once and was removed: the key is used up then.
 * @throws `idempotency_key_reused` before anything is restored.
 */
export async function restoreForgotten(request: JobRequest, deps: Deps): Promise<Job | undefined> {
  await assertNeverRemoved(request, deps);
  const manifest = await findKeyedManifest(request.id, request.input.key, deps.store);
  if (manifest === undefined || manifest.request.tenant !== request.tenant) return undefined;
  assertSameRequest(manifest.request, request);
  await deps.installation.confirm(); // as of now: the upload may have taken long
  const job = await restore(manifest, deps);
  deps.log.info("A repeated request brought back a job that Redis had lost", {
    ...jobFields(job),
    status: job.status,
  });
  return job;
}

/** Throws `idempotency_key_reused` unless `known`, which the same key made, is what `request` asks for. */
export function assertSameRequest(known: Pick<JobRequest, "fingerprint">, request: JobRequest): void {
  if (known.fingerprint === request.fingerprint) return;
  throw new DomainError(
    "idempotency_key_reused",
    "This Idempotency-Key was used for another request: another file, processor or params. Use a new key.",
  );
}

async function assertNeverRemoved({ id }: JobRequest, deps: Deps): Promise<void> {
  const made = `The job that this Idempotency-Key made, ${id},`;
  const expiredAt = await expiryOf(id, deps);
  if (expiredAt !== undefined) {
    throw new DomainError("job_expired", `${made} has expired; use a new key.`, {
      members: { expired_at: expiredAt },
    });
  }
  if ((await deps.store.stat(tombstoneKey(id))) !== undefined)
    throw new DomainError("job_expired", `${made} was deleted; use a new key.`);
}

async function restore(manifest: Manifest, deps: Deps): Promise<Job> {
  const { request, settled } = manifest;
  const { jobs, finished } = deps.queue;
  if ((await finished.isExpired(request)) || isOver(settled, deps)) throw expired(request, settled, deps);
  if (settled === null) {
    await finished.clearRemains(request);
    // Whoever wrote it may have died before it was synced.
    await writeManifest(manifest, deps.store, { after: [request.input.key] });
    // Where the record is there after all, it stays as it is.
    return jobs.submit(request, { isRestored: true });
  }
  await finished.restore(request, settled);
  const job = await jobs.get(request.id);
  if (job === undefined) throw expired(request, settled, deps); // the sweeper came in between
  return job;
}

function keptMs(settled: JobEnd | null, { limits: { retentionMs } }: Deps): number {
  return settled?.status === "completed" ? retentionMs.completed : retentionMs.failed;
}

/** Its retention has passed, and the sweeper is about to remove it. */
function isOver(settled: JobEnd | null, deps: Deps): boolean {
  return settled !== null && settled.at + keptMs(settled, deps) < deps.now();
}

function expired({ id }: JobRequest, settled: JobEnd | null, deps: Deps): DomainError {
  const at = settled === null ? deps.now() : settled.at + keptMs(settled, deps);
  return new DomainError(
    "job_expired",
    `The job that this Idempotency-Key made, ${id}, has expired; use a new key.`,
    { members: { expired_at: new Date(at).toISOString() } },
  );
}
