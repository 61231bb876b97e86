import type { Job } from "@drover/client";
import { type JobFilter, JobStatus } from "@drover/contract";

/** Which jobs the operator's table shows, as its address says it: every member is text that a person may type. */
export interface JobSearch {
  readonly status?: string;
  readonly processor?: string;
  /** Part of the id, the file name, a tag or the error. */
  readonly q?: string;
  /** `name=value`, several with blanks between. */
  readonly tag?: string;
  /** How long ago a job was submitted, at most: a key of `AGES_MS`. */
  readonly since?: string;
  readonly tenant?: string;
}

/** Ages that can be asked for, in ms. */
export const AGES_MS: Readonly<Record<string, number>> = {
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 7 * 86_400_000,
};

const MEMBERS = ["status", "processor", "q", "tag", "since", "tenant"] as const;
/** Longest text that the api takes to search for. */
const LONGEST = 200;

/** The search in an address; what is empty or unknown is left out. */
export function parseJobSearch(search: Readonly<Record<string, unknown>>): JobSearch {
  const pairs = MEMBERS.flatMap((name) => {
    const value = search[name];
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return text === "" ? [] : [[name, text.slice(0, LONGEST)]];
  });
  return Object.fromEntries(pairs);
}

/** The search with some members changed; one that is set to "" goes. */
export function changedSearch(search: JobSearch, change: JobSearch): JobSearch {
  return parseJobSearch({ ...search, ...change });
}

/**
 * What the api is asked for.
 * @param now ms since the epoch.
 */
export function filterOf({ status, processor, q, tag, since, tenant }: JobSearch, now: number): JobFilter {
  const known = JobStatus.safeParse(status);
  const ageMs = AGES_MS[since ?? ""];
  const tags = tagsOf(tag);
  return {
    ...(known.success ? { status: known.data } : {}),
    ...(processor === undefined ? {} : { processor }),
    ...(q === undefined ? {} : { q }),
    ...(Object.keys(tags).length === 0 ? {} : { tag: tags }),
    ...(ageMs === undefined ? {} : { created_after: new Date(now - ageMs).toISOString() }),
    ...(tenant === undefined ? {} : { tenant }),
  };
}

function tagsOf(text = ""): Record<string, string> {
  const pairs = text.split(/\s+/).flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
  });
  return Object.fromEntries(pairs);
}

/** Whether a job is one of those that the api would list for the filter. */
export function matchesFilter(job: Job, filter: JobFilter): boolean {
  const { status, processor, q, tag = {}, created_after: after, tenant } = filter;
  if (status !== undefined && job.status !== status) return false;
  if (processor !== undefined && job.processor !== processor) return false;
  if (tenant !== undefined && (job.tenant ?? "default") !== tenant) return false;
  if (after !== undefined && Date.parse(job.created_at) <= Date.parse(after)) return false;
  if (!Object.entries(tag).every(([name, value]) => job.tags[name] === value)) return false;
  if (q === undefined) return true;
  const failure = job.error === null ? "" : `${job.error.code}: ${job.error.message}`;
  const texts = [job.job_id, job.input.filename, failure, ...Object.values(job.tags)];
  return texts.some((text) => text.toLowerCase().includes(q.toLowerCase()));
}
