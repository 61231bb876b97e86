import { DomainError, type Job, type JobId, type JobPage, type JobQuery, parseJobId } from "@drover/core";

/**
 * How many jobs one request looks at before it answers a short page with a cursor: bounds the time of a rare
 * match.
 */
const SCAN_LIMIT = 1_000;
const BATCH = 50;

/** A job's place in the list: newest first, those of one time by id, the higher first. */
export interface Listed {
  readonly id: JobId;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** What a listing reads from. */
export interface JobIndex {
  /**
   * Up to `limit` jobs that follow `after` in the list, which need not be there any more; the first ones
   * without it.
   */
  following(after: Listed | undefined, limit: number): Promise<readonly Listed[]>;
  jobs(listed: readonly Listed[]): Promise<readonly (Job | undefined)[]>;
}

/**
 * A page of the jobs that match, newest first. The last one looked at is the cursor, so that pages stay right
 * while jobs come and go.
 */
export async function listJobs(index: JobIndex, query: JobQuery): Promise<JobPage> {
  const found: Job[] = [];
  let after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  for (let seen = 0; seen < SCAN_LIMIT; ) {
    const listed = await index.following(after, BATCH);
    const jobs = await index.jobs(listed);
    for (const [i, place] of listed.entries()) {
      if (query.createdAfter !== undefined && place.createdAt <= query.createdAfter)
        return { jobs: found, nextCursor: null };
      const job = jobs[i];
      after = place;
      if (job !== undefined && matches(job, query)) found.push(job);
      if (found.length === query.limit) return { jobs: found, nextCursor: await nextCursor(index, place) };
    }
    if (listed.length < BATCH) return { jobs: found, nextCursor: null };
    seen += listed.length;
  }
  return { jobs: found, nextCursor: after === undefined ? null : encodeCursor(after) };
}

async function nextCursor(index: JobIndex, last: Listed): Promise<string | null> {
  const following = await index.following(last, 1);
  return following.length === 0 ? null : encodeCursor(last);
}

function encodeCursor({ id, createdAt }: Listed): string {
  return Buffer.from(`${createdAt} ${id}`).toString("base64url");
}

function decodeCursor(cursor: string): Listed {
  try {
    const [, createdAt, id = ""] =
      /^(\d{1,15}(?:\.\d{1,6})?) (\S+)$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
    return { createdAt: Number(createdAt), id: parseJobId(id) };
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
