import { DomainError, type Job, type JobId, type JobPage, type JobQuery, parseJobId } from "@drover/core";
import { decodeFailure } from "./bullmq/failed-reason.js";

/**
 * How many jobs one request looks at before it answers a short page with a cursor: bounds the time of a rare
 * match. What was asked for with a job (tags, names) is larger to look at than its status or its processor.
 */
const SCAN_LIMIT = 5_000;
const REQUEST_SCAN_LIMIT = 1_000;
/** So many jobs of a status or a processor are looked at rather than all jobs there are. */
const SMALL_SET = 1_000;
/** Jobs that are looked at in one round trip where most are expected not to match. */
const BATCH = 500;

/** A job's place in the list: newest first, those of one time by id, the higher first. */
export interface Listed {
  readonly id: JobId;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Both are `undefined` when the index has lost it. */
  readonly processor?: string | undefined;
  readonly tenant?: string | undefined;
}

/** A job that a prefilter lets through, with what was asked for. */
export interface ListedRequest {
  readonly listed: Listed;
  /** The request as JSON; `undefined` when it was not asked for, or is not there. */
  readonly request: string | undefined;
  /** As BullMQ keeps it; `undefined` for a job that never failed, and with the request. */
  readonly failedReason: string | undefined;
}

/** What a listing reads from. */
export interface JobIndex {
  /** Whether the job is another tenant's, and to be passed over. */
  isForeign(listed: Listed): boolean;
  /**
   * Where BullMQ says that a status or a processor has no more than `most` jobs: all of them in the order of
   * the list, so that nothing else has to be looked at. `undefined` when there are more, or that is not known.
   */
  smallSet(
    query: Pick<JobQuery, "status" | "processor">,
    most: number,
  ): Promise<readonly Listed[] | undefined>;
  /**
   * Up to `limit` jobs that follow `after` in the list, which need not be there any more; the first ones
   * without it.
   */
  following(after: Listed | undefined, limit: number): Promise<readonly Listed[]>;
  /** Those of the jobs that may have the status, in their order. */
  prefilter(
    listed: readonly Listed[],
    wanted: { readonly status: JobQuery["status"]; readonly isRequestWanted: boolean },
  ): Promise<readonly ListedRequest[]>;
  jobs(listed: readonly Listed[]): Promise<readonly (Job | undefined)[]>;
}

/**
 * A page of the jobs that match, newest first. The last one looked at is the cursor, so that pages stay right
 * while jobs come and go.
 *
 * Jobs are read only where a prefilter does not say that they do not match: most of a filter's work is done with
 * one command for hundreds of jobs.
 */
export async function listJobs(index: JobIndex, query: JobQuery): Promise<JobPage> {
  const { limit, createdAfter = Number.NEGATIVE_INFINITY } = query;
  const found: Job[] = [];
  const scanLimit = hasRequestFilter(query) ? REQUEST_SCAN_LIMIT : SCAN_LIMIT;
  const small = await index.smallSet(query, SMALL_SET);
  const following: JobIndex["following"] =
    small === undefined
      ? (place, count) => index.following(place, count)
      : async (...of) => pageOf(small, ...of);
  const begin = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  let after = begin;
  // A page that ends at another tenant's job does so by its time alone, which has to get on.
  const isStuck = () => after !== undefined && index.isForeign(after) && after.createdAt === begin?.createdAt;
  for (let seen = 0; seen < scanLimit || isStuck(); ) {
    // At first as if all matched; the one more tells whether another page follows.
    const batch = seen === 0 ? limit + 1 : BATCH;
    const listed = await following(after, batch);
    const recent = listed.filter((place) => place.createdAt > createdAfter);
    const candidates = await narrow(index, recent, query);
    while (candidates.length > 0) {
      const portion = candidates.splice(0, limit - found.length);
      const jobs = await index.jobs(portion);
      found.push(...(jobs.filter((job) => job !== undefined && matches(job, query)) as Job[]));
      const last = portion.at(-1) as Listed;
      if (found.length === limit) {
        const isEnd = last === listed.at(-1) && (await following(last, 1)).length === 0;
        return { jobs: found, nextCursor: isEnd ? null : encodeCursor(last) };
      }
    }
    if (recent.length < listed.length || listed.length < batch) return { jobs: found, nextCursor: null };
    after = listed.at(-1);
    seen += listed.length;
  }
  if (after === undefined) return { jobs: found, nextCursor: null };
  return {
    jobs: found,
    nextCursor: encodeCursor(index.isForeign(after) ? { ...after, id: HIGHEST } : after),
  };
}

/** Comes before all jobs of its time. */
const HIGHEST = parseJobId("ffffffff-ffff-ffff-ffff-ffffffffffff");

function hasRequestFilter({ tags = {}, text }: JobQuery): boolean {
  return text !== undefined || Object.keys(tags).length > 0;
}

/** The jobs that may match. */
async function narrow(index: JobIndex, listed: readonly Listed[], query: JobQuery): Promise<Listed[]> {
  const { status, processor } = query;
  const own = listed.filter(
    (place) =>
      !index.isForeign(place) && (processor === undefined || (place.processor ?? processor) === processor),
  );
  const isRequestWanted = hasRequestFilter(query);
  if (own.length === 0 || (status === undefined && !isRequestWanted)) return own;
  const found = await index.prefilter(own, { status, isRequestWanted });
  return found.filter((each) => mayMatch(each, query)).map((each) => each.listed);
}

/** A request that cannot be read says nothing: the job is read, and shown as what it is. */
function mayMatch({ listed, request, failedReason }: ListedRequest, query: JobQuery): boolean {
  if (request === undefined) return true;
  try {
    const { input, tags } = JSON.parse(request) as Job; // what it lacks throws here
    const error = failedReason === undefined ? null : decodeFailure(failedReason);
    return requestMatches({ id: listed.id, input, tags, error }, query);
  } catch {
    return true;
  }
}

/** Compares two places for a sort: newest first, those of one time by id, the higher first. */
export function inOrder(a: Listed, b: Listed): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}

function pageOf(all: readonly Listed[], after: Listed | undefined, limit: number): readonly Listed[] {
  const rest =
    after === undefined ? all : all.filter((place) => inOrder(after, place) < 0 && place.id !== after.id);
  return rest.slice(0, limit);
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
  return requestMatches(job, query);
}

type Searched = Pick<Job, "id" | "input" | "tags" | "error">;

function requestMatches({ id, input, tags, error }: Searched, query: JobQuery): boolean {
  if (!Object.entries(query.tags ?? {}).every(([name, value]) => tags[name] === value)) return false;
  if (query.text === undefined) return true;
  const text = query.text.toLowerCase();
  const failure = error === null ? "" : `${error.code}: ${error.message}`;
  return [id, input.filename, failure, ...Object.values(tags)].some((field) =>
    field.toLowerCase().includes(text),
  );
}
