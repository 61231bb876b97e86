import type { Job, JobList, JobsStreamEvent } from "@drover/client";

/** Compares two jobs as the api lists them: newest first, those of one moment by id, the higher first. */
export function inListOrder(a: Job, b: Job): number {
  if (a.created_at !== b.created_at) return a.created_at < b.created_at ? 1 : -1;
  return a.job_id < b.job_id ? 1 : a.job_id > b.job_id ? -1 : 0;
}

/** The rows with a page that follows them; a job that is in both is as the page has it. */
export function withPage(rows: readonly Job[], page: readonly Job[]): readonly Job[] {
  const known = new Set(page.map(({ job_id }) => job_id));
  return [...rows.filter(({ job_id }) => !known.has(job_id)), ...page].sort(inListOrder);
}

/**
 * The rows with their beginning read anew: as far as the page reaches it is the truth, so that what was erased or
 * matches no more goes.
 */
export function withHead(rows: readonly Job[], { jobs, next_cursor }: JobList): readonly Job[] {
  const last = jobs.at(-1);
  if (next_cursor === null) return jobs;
  if (last === undefined) return rows; // a short page: it was only looked at part of them
  const known = new Set(jobs.map(({ job_id }) => job_id));
  const rest = rows.filter((row) => inListOrder(last, row) < 0 && !known.has(row.job_id));
  return [...jobs, ...rest];
}

/** What events made of the rows. */
export interface ChangedRows {
  readonly rows: readonly Job[];
  /** Whether a job changed that is no row, and of which the event does not say whether it matches. */
  readonly isMoreToRead: boolean;
}

/**
 * The rows after some events, in their order: a row that matches no more goes, a job that ended and matches comes.
 * @param matches whether a job is one of those that are shown.
 */
export function withEvents(
  rows: readonly Job[],
  events: readonly JobsStreamEvent[],
  matches: (job: Job) => boolean,
): ChangedRows {
  const byId = new Map(rows.map((job) => [job.job_id, job]));
  let isMoreToRead = false;
  for (const event of events) {
    if (event.type === "snapshot" || event.type === "log") continue;
    if (event.type === "ended") {
      byId.set(event.job.job_id, event.job);
      continue;
    }
    const row = byId.get(event.job_id);
    if (row === undefined) isMoreToRead ||= event.type === "status";
    else byId.set(event.job_id, changed(row, event));
  }
  return { rows: [...byId.values()].filter(matches).sort(inListOrder), isMoreToRead };
}

type Change = Extract<JobsStreamEvent, { type: "progress" | "status" }>;

function changed(job: Job, event: Change): Job {
  if (event.at < job.updated_at) return job; // what was read meanwhile is newer
  if (event.type === "progress") {
    const { attempt, progress, stage, message } = event;
    const startedAt = attempt > job.attempt ? event.at : job.started_at;
    const now = { attempt, progress, stage, message, started_at: startedAt, updated_at: event.at };
    return { ...job, ...now, status: "running", waiting: null };
  }
  if (event.status === job.status) return job;
  const isRunning = event.status === "running";
  return {
    ...job,
    ...{ status: event.status, updated_at: event.at, waiting: null },
    ...(isRunning ? { started_at: event.at, progress: 0, stage: null, message: null } : {}),
    ...(event.status === "queued" ? { error: null, completed_at: null, expires_at: null } : {}),
  };
}
