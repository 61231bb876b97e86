import {
  DomainError,
  type Job,
  type JobRequest,
  type LogFields,
  type TraceContext,
  UnconfirmedSubmit,
} from "@drover/core";
import { inputFolder, inputKey, writeManifest } from "@drover/job-files";
import { assertRoom } from "../access/usage.js";
import type { Deps } from "../deps.js";
import { assertNotStopping } from "../operations/admission.js";
import { ClientGone, type Receive, type UploadedName } from "../uploads/upload.js";
import { RECENT_MS } from "./find-job.js";
import { assertSameRequest, restoreForgotten } from "./forgotten-job.js";
import { jobIdOfKey, parseIdempotencyKey } from "./idempotency.js";
import { assertAccepted, type JobDraft, requestOf, withTrace } from "./job-request.js";
import { selfLink } from "./job-view.js";
import { inProducerSpan } from "./producer-span.js";

export interface Submission {
  readonly processor: string;
  /** The header as it came. */
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  /** What the request is part of. */
  readonly trace: TraceContext | undefined;
  readonly signal: AbortSignal;
  readonly receive: Receive;
}

export interface CreatedJob {
  readonly job: Job;
  /** An earlier request with the same key made the job. */
  readonly isReplayed: boolean;
}

/**
 * Turns an upload into a job: file stored, manifest stored, job queued, in this order. Dying before the
 * manifest leaves a file that is swept; dying after it leaves a job that the next reconcile queues, like any
 * request whose answer was lost. There is never a job without a file. What is refused leaves nothing behind.
 *
 * An Idempotency-Key is the id of its job, so that the queue itself makes two submits one: it adds by id. The
 * id is also the folder of the upload, so that a repeated submit finds in the store what Redis has lost.
 */
export async function createJob(submission: Submission, deps: Deps): Promise<CreatedJob> {
  assertNotStopping(deps);
  await deps.installation.confirm(RECENT_MS); // first: the wrong Redis does not know the processor either
  const idempotencyKey = parseIdempotencyKey(submission.idempotencyKey);
  const processor = await deps.processors.require(submission.processor);
  await deps.sharing.assertShared(processor.name);
  await deps.admission.admit(processor.name);
  await assertRoom(0, deps); // before the file is read
  const draft = {
    processor,
    idempotencyKey,
    inputKey: inputKey(
      deps.newUploadId(),
      idempotencyKey === undefined ? undefined : jobIdOfKey(idempotencyKey, deps.tenant),
    ),
    requestId: submission.requestId,
  };
  const accepted = await storeAndEnqueue(submission, draft, deps);
  await deps.failpoint?.("enqueued");
  return accepted;
}

async function storeAndEnqueue(submission: Submission, draft: JobDraft, deps: Deps): Promise<CreatedJob> {
  try {
    const { processor, inputKey: key } = draft;
    const bounds = {
      key,
      maxBytes: Math.min(processor.limits.maxInputBytes, deps.limits.maxUploadBytes),
      accept: (file: UploadedName) => assertAccepted(processor, file),
    };
    const upload = await deps.admission.holdUpload(() => submission.receive(bounds));
    await assertRoom(upload.file.sizeBytes, deps);
    const request = requestOf(upload, draft, deps);
    const job = (await existingJob(request, deps)) ?? (await enqueue(request, submission, deps));
    assertSameRequest(job, request);
    // The job has another upload: an earlier or a concurrent request made it, and ours belongs to nobody.
    const isReplayed = job.input.key !== key;
    if (isReplayed) await discard(draft, deps);
    return { job, isReplayed };
  } catch (error) {
    // A job that may be in the queue keeps its file and its manifest.
    if (error instanceof UnconfirmedSubmit) throw mayExist(error);
    await discard(draft, deps);
    throw error;
  }
}

/** What the client is told of a submit that was not confirmed: the truth, and the job's id. */
function mayExist({ cause, jobId }: UnconfirmedSubmit): unknown {
  if (!(cause instanceof DomainError)) return cause;
  const detail =
    "The queue did not confirm the job in time: the job may exist, now or in a moment. Ask GET " +
    `${selfLink({ id: jobId })}, or repeat the request with the same Idempotency-Key if it had one.`;
  return new DomainError(cause.code, detail, {
    cause,
    retryAfterS: 2,
    members: { job_id: jobId, may_exist: true },
  });
}

/**
 * Removes an upload that belongs to no job. What cannot be removed now is left to the sweeper: the request
 * has an answer of its own.
 */
async function discard({ inputKey: key, processor, requestId }: JobDraft, deps: Deps): Promise<void> {
  try {
    await deps.store.remove(inputFolder(key));
  } catch (error) {
    const fields = { request_id: requestId, processor: processor.name };
    deps.log.warn("A refused upload could not be removed; the sweeper will.", { ...fields, error, key });
  }
}

/** What the log says of a submit. */
export function createdFields({ job: { input, processor } }: CreatedJob): LogFields {
  return { processor, filename: input.filename, size_bytes: input.sizeBytes };
}

/** Headers of a 202. */
export function createdHeaders({ job, isReplayed }: CreatedJob): Readonly<Record<string, string>> {
  return {
    Location: selfLink(job),
    "Retry-After": "1",
    ...(isReplayed ? { "Idempotent-Replayed": "true" } : {}),
  };
}

/** The job that an earlier request with the same key made, also when Redis has lost it. */
async function existingJob(request: JobRequest, deps: Deps): Promise<Job | undefined> {
  if (request.fingerprint === null) return undefined; // no key: the id is new
  return (await deps.queue.jobs.get(request.id)) ?? (await restoreForgotten(request, deps));
}

/** The signal is aborted when the client has left: nobody would learn the job's id. */
async function enqueue(untraced: JobRequest, { signal, trace }: Submission, deps: Deps): Promise<Job> {
  if (signal.aborted) throw new ClientGone("The client closed the connection before its job was queued.");
  return inProducerSpan({ operation: "submit", job: untraced }, async (span) => {
    const request = withTrace(untraced, span.trace ?? trace);
    await deps.failpoint?.("stored");
    // The upload is on disk before its manifest is there: both are synced together.
    await writeManifest({ version: 1, request, settled: null }, deps.store, { after: [request.input.key] });
    return submitTwice(request, deps);
  });
}

/** A second try that began later than this, in ms, could not end within the 2 s that a client is promised. */
const SECOND_TRY_MS = 200;

/**
 * A submit that failed may have happened; the same id makes a second try harmless. It is worth making when
 * the connection broke and is being remade, not when the server was waited for in vain.
 */
async function submitTwice(request: JobRequest, deps: Deps): Promise<Job> {
  const startedAt = performance.now();
  try {
    return await deps.queue.jobs.submit(request);
  } catch (error) {
    const isRefused = error instanceof DomainError && error.code !== "redis_unavailable";
    if (isRefused || performance.now() - startedAt > SECOND_TRY_MS) throw error;
    return await deps.queue.jobs.submit(request).catch((second: unknown) => {
      // What the first may have done, the second does not undo.
      throw error instanceof UnconfirmedSubmit ? error : second;
    });
  }
}
