import { DomainError, type Job, type JobRequest, type LogFields, type ProcessorInfo } from "@drover/core";
import { inputFolder, inputKey, tombstone, writeManifest } from "@drover/job-files";
import type { Deps } from "../deps.js";
import { fingerprintOf, parseIdempotencyKey, scopedKey } from "../idempotency-key.js";
import { selfLink } from "../job-view.js";
import { ClientGone, type Receive } from "../upload/upload.js";
import { RECENT_MS } from "./find-job.js";
import { assertNotStopping } from "./health.js";
import { assertAccepted, requestOf } from "./job-request.js";
import { waitForJob } from "./wait-for.js";

export interface Submission {
  readonly processor: string;
  /** The header as it came. */
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly receive: Receive;
}

export interface Accepted {
  readonly job: Job;
  /** An earlier request with the same key made the job. */
  readonly isReplayed: boolean;
}

/**
 * Turns an upload into a job: file stored, key claimed, manifest stored, job queued, in this order. Dying before the manifest leaves a
 * file that is swept; dying after it leaves a job that the next reconcile queues, like any request whose answer was lost. There is never
 * a job without a file. What is refused leaves nothing behind.
 */
export async function accept(submission: Submission, deps: Deps): Promise<Accepted> {
  assertNotStopping(deps);
  const key = parseIdempotencyKey(submission.idempotencyKey);
  await deps.installation.confirm(RECENT_MS); // first: the wrong Redis does not know the processor either
  const processor = await deps.processors.require(submission.processor);
  await deps.sharing.assertShared(processor.name);
  await deps.admission.admit(processor.name);
  const blobKey = inputKey(deps.newUploadId());
  const accepted = await storeAndQueue(submission, { key, processor, blobKey }, deps);
  await deps.failpoint?.("enqueued");
  return accepted;
}

interface Place {
  readonly key: string | undefined;
  readonly processor: ProcessorInfo;
  readonly blobKey: string;
}

async function storeAndQueue(submission: Submission, place: Place, deps: Deps): Promise<Accepted> {
  const { key, processor, blobKey } = place;
  try {
    const upload = await submission.receive({
      key: blobKey,
      maxBytes: Math.min(processor.limits.maxInputBytes, deps.limits.maxUploadBytes),
      accept: (file) => assertAccepted(processor, file),
    });
    const request = requestOf(upload, { blobKey, processor, requestId: submission.requestId }, deps);
    return await enqueue({ request, key, gone: submission.signal }, deps);
  } catch (error) {
    // A job that may be in the queue needs its file: the sweeper removes it when there is no such job.
    if (error instanceof UncertainEnqueue) throw error.cause;
    await discard(blobKey, deps);
    throw error;
  }
}

/** Removes an upload that belongs to no job. What cannot be removed now is left to the sweeper: the request has an answer of its own. */
async function discard(blobKey: string, deps: Deps): Promise<void> {
  try {
    await deps.store.remove(inputFolder(blobKey));
  } catch (error) {
    deps.log.warn("A refused upload could not be removed; the sweeper will.", { error, key: blobKey });
  }
}

/** What the log says of a submit. */
export function acceptedFields({ job: { input, processor } }: Accepted): LogFields {
  return { processor, filename: input.filename, size_bytes: input.sizeBytes };
}

/** Headers of a 202. */
export function acceptedHeaders({ job, isReplayed }: Accepted): Readonly<Record<string, string>> {
  return {
    Location: selfLink(job),
    "Retry-After": "1",
    ...(isReplayed ? { "Idempotent-Replayed": "true" } : {}),
  };
}

interface Wish {
  readonly request: JobRequest;
  /** The idempotency key, if the client sent one. */
  readonly key: string | undefined;
  /** Aborted when the client has left. */
  readonly gone: AbortSignal;
}

async function enqueue(wish: Wish, deps: Deps): Promise<Accepted> {
  const { request, key } = wish;
  if (key === undefined) return { job: await queueUp(wish, deps), isReplayed: false };
  const fingerprint = fingerprintOf(request);
  const claim = await deps.queue.keys.claim(scopedKey(key), fingerprint, request.id);
  if (claim.fingerprint !== fingerprint) {
    throw new DomainError(
      "idempotency_key_reused",
      "This Idempotency-Key was used for another request: another file, processor or params. Use a new key.",
    );
  }
  if (claim.jobId === request.id) return { job: await queueUp(wish, deps), isReplayed: false };
  return replay({ ...wish, request: { ...request, id: claim.jobId } }, deps);
}

/** How long the twin that claimed the key first has to queue its job. */
const TWIN_MS = 2_000;

/** The job that an earlier request with the key made; made now, under its id, when that request died before it queued it. */
async function replay(wish: Wish, deps: Deps): Promise<Accepted> {
  const { request } = wish;
  const known = await waitForJob(
    request.id,
    { deadlineMs: TWIN_MS, signals: [], until: (now) => now !== undefined },
    deps,
  );
  if (known !== undefined) {
    await discard(request.input.key, deps);
    return { job: known, isReplayed: true };
  }
  const expiredAt = await deps.queue.facts.get(tombstone(request.id));
  if (expiredAt !== undefined) {
    throw new DomainError(
      "job_expired",
      `The job that this Idempotency-Key made, ${request.id}, has expired.`,
      {
        members: { expired_at: expiredAt },
      },
    );
  }
  return { job: await queueUp(wish, deps), isReplayed: true };
}

/** The enqueue was sent and not confirmed, so that the job may exist; `cause` is what the client is told. */
class UncertainEnqueue extends Error {
  override readonly name = "UncertainEnqueue";
}

async function queueUp({ request, gone }: Wish, deps: Deps): Promise<Job> {
  // Nobody would learn the job's id.
  if (gone.aborted) throw new ClientGone("The client closed the connection before its job was queued.");
  await deps.failpoint?.("stored");
  await writeManifest({ version: 1, request, settled: null }, deps.store);
  const job = await submitTwice(request, deps);
  // A twin was faster: its file is the job's input, ours is nobody's.
  if (job.input.key !== request.input.key) await discard(request.input.key, deps);
  return job;
}

/** A second try that began later than this, in ms, could not end within the 2 s that a client is promised. */
const SECOND_TRY_MS = 200;

/**
 * A submit that failed may have happened; the same id makes a second try harmless. It is worth making when the connection broke and is
 * being remade, not when the server was waited for in vain.
 */
async function submitTwice(request: JobRequest, deps: Deps): Promise<Job> {
  const startedAt = performance.now();
  try {
    return await deps.queue.jobs.submit(request);
  } catch (error) {
    if (!(error instanceof DomainError)) throw uncertain(error);
    if (error.code !== "redis_unavailable") throw error;
    if (performance.now() - startedAt > SECOND_TRY_MS) throw uncertain(error);
  }
  return deps.queue.jobs.submit(request).catch((error: unknown) => {
    throw uncertain(error);
  });
}

function uncertain(cause: unknown): UncertainEnqueue {
  return new UncertainEnqueue("The job may or may not be in the queue.", { cause });
}
