import { DomainError, type Job, type JobId, type JobPage, type JobQuery, parseJobId } from "@drover/core";

/** How many jobs one request looks at before it answers a short page with a cursor: bounds the time of a rare match. */
const SCAN_LIMIT = 1_000;
const BATCH = 50;

/** What a listing reads from: ids newest first below a cursor, and jobs by id. */
export interface JobIndex {
  /** Up to `limit` ids that sort before `below` (all without it), newest first. */
  idsBelow(below: JobId | undefined, limit: number): Promise<readonly JobId[]>;
  jobs(ids: readonly JobId[]): Promise<readonly (Job | undefined)[]>;
}

/**
 * A page of the jobs that match, newest first. Ids are UUIDs of version 7, so their order is the order of submission and the
 * last id looked at is the cursor: pages stay right while jobs come and go.
 */
export async function listJobs(index: JobIndex, query: JobQuery): Promise<JobPage> {
  const found: Job[] = [];
  let below = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  for (let seen = 0; seen < SCAN_LIMIT; ) {
    const ids = await index.idsBelow(below, BATCH);
    const jobs = await index.jobs(ids);
    for (const [i, id] of ids.entries()) {
      const job = jobs[i];
      if (job !== undefined && query.createdAfter !== undefined && job.createdAt <= query.createdAfter) {
        return { jobs: found, nextCursor: null };
      }
      below = id;
      if (job !== undefined && matches(job, query)) found.push(job);
      if (found.length === query.limit)
        return { jobs: found, nextCursor: (await index.idsBelow(below, 1)).length > 0 ? below : null };
    }
    if (ids.length < BATCH) return { jobs: found, nextCursor: null };
    seen += ids.length;
  }
  return { jobs: found, nextCursor: below ?? null };
}

function parseCursor(cursor: string): JobId {
  try {
    return parseJobId(cursor);
  } catch {
    throw new DomainError(
      "invalid_request",
      `The cursor is the next_cursor of an earlier page; got "${cursor.slice(0, 80)}".`,
      {
        errors: [{ path: "cursor", message: "not a cursor of this api" }],
      },
    );
  }
}

function matches(job: Job, query: JobQuery): boolean {
  if (query.status !== undefined && job.status !== query.status) return false;
  if (query.processor !== undefined && job.processor !== query.processor) return false;
  if (!Object.entries(query.tags ?? {}).every(([name, value]) => job.tags[name] === value)) return false;
  if (query.text === undefined) return true;
  const text = query.text.toLowerCase();
  return [job.id, job.input.filename, ...Object.values(job.tags)].some((field) =>
    field.toLowerCase().includes(text),
  );
}
