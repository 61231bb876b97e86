import type { TimelineEvent, Artifact as WireArtifact, Job as WireJob } from "@drover/contract";
import { pathOf, routes } from "@drover/contract";
import {
  type Artifact,
  DEFAULT_TENANT,
  isTerminal,
  type Job,
  type JobEvent,
  keptFrom,
  type Progress,
  type Waiting,
} from "@drover/core";
import type { Deps } from "../deps.js";

type ViewDeps = Pick<Deps, "processors"> & { readonly limits: Pick<Deps["limits"], "retentionMs"> };

const views = new WeakMap<Job, WireJob>();

/**
 * The job as every client but the two existing ones reads it. One that does not wait is shown from what it says
 * itself: the same job is the same view.
 */
export function viewJob(job: Job, deps: ViewDeps): WireJob {
  const known = views.get(job);
  if (known !== undefined) return known;
  const view = makeView(job, deps);
  if (job.waiting === null) views.set(job, view);
  return view;
}

function makeView(job: Job, deps: ViewDeps): WireJob {
  const progress = shownProgress(job);
  return {
    job_id: job.id,
    ...(job.tenant === DEFAULT_TENANT ? {} : { tenant: job.tenant }),
    processor: job.processor,
    status: job.status,
    progress: progress.percent,
    stage: progress.stage,
    message: progress.message,
    attempt: job.attempt,
    max_attempts: job.maxAttempts,
    ...(job.worker === undefined ? {} : { worker: job.worker }),
    priority: job.priority,
    waiting: viewWaiting(job, deps),
    created_at: time(job.createdAt),
    updated_at: time(job.updatedAt),
    started_at: timeOrNull(job.startedAt),
    completed_at: timeOrNull(job.finishedAt),
    expires_at: timeOrNull(expiresAt(job, deps.limits.retentionMs)),
    input: {
      filename: job.input.filename,
      size_bytes: job.input.sizeBytes,
      media_type: job.input.mediaType,
      sha256: job.input.sha256,
    },
    params: job.params,
    tags: job.tags,
    result: job.result ?? null,
    artifacts: job.artifacts.map((artifact) => viewArtifact(job, artifact)),
    error: job.error && { code: job.error.code, message: job.error.message, retryable: job.error.retryable },
    links: linksOf(job),
  };
}

/** Path of the job. */
export function selfLink(job: Pick<Job, "id">): string {
  return pathOf(routes.getJob, { job_id: job.id });
}

function linksOf(job: Job): WireJob["links"] {
  const self = selfLink(job);
  return {
    self,
    events: pathOf(routes.streamJob, { job_id: job.id }),
    cancel: pathOf(routes.cancelJob, { job_id: job.id }),
    download: pathOf(routes.downloadJob, { job_id: job.id }),
  };
}

function viewArtifact(job: Job, artifact: Artifact): WireArtifact {
  return {
    name: artifact.name,
    size_bytes: artifact.sizeBytes,
    media_type: artifact.mediaType,
    sha256: artifact.sha256,
    url: pathOf(routes.downloadArtifact, { job_id: job.id, name: artifact.name }),
  };
}

/** 100 is said of a completed job and of no other: an attempt at 100 has still to be recorded. */
export function shownProgress(job: Job): Progress {
  if (job.status === "completed") return { ...job.progress, percent: 100 };
  const percent = Math.min(Math.max(0, job.progress.percent), 99.9);
  return { ...job.progress, percent: Math.round(percent * 10) / 10 };
}

/** The queue does not know the workers' processors; whether somebody could take the job is decided here. */
function viewWaiting(job: Job, deps: ViewDeps): WireJob["waiting"] {
  if (job.waiting === null) return null;
  const { reason, position, until } = job.waiting;
  const isUnserved = reason === "worker" && deps.processors.workersOf(job.processor)?.length === 0;
  const shown: Waiting["reason"] = isUnserved ? "no_worker_for_processor" : reason;
  return { reason: shown, position, until: timeOrNull(until) };
}

function expiresAt(job: Job, retentionMs: ViewDeps["limits"]["retentionMs"]): number | null {
  if (job.finishedAt === null || !isTerminal(job.status)) return null;
  const keptMs = job.status === "completed" ? retentionMs.completed : retentionMs.failed;
  return keptFrom(job, job.finishedAt) + keptMs;
}

/** The event with its times spelled out. */
export function viewEvent(event: JobEvent): TimelineEvent {
  const { at, ...rest } = event;
  return "until" in rest ? { ...rest, at: time(at), until: time(rest.until) } : { ...rest, at: time(at) };
}

/** ISO 8601, from ms since the epoch. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
