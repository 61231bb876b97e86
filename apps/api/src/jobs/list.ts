import { DEFAULT_PAGE_SIZE, type JobFilter, type JobList } from "@drover/contract";
import type { JobPage, JobQuery } from "@drover/core";
import { depsOfTenant } from "../access/tenants.js";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";
import { viewJob } from "./job-view.js";

export const listJobs: Handler<"listJobs"> = async (input, deps) => {
  const own = depsOfTenant(input.query.tenant, deps);
  return ok(viewPage(await own.queue.jobs.list(toQuery(input.query)), own));
};

/** A page of jobs as clients read it. */
export function viewPage({ jobs, nextCursor }: JobPage, deps: Deps): JobList {
  return { jobs: jobs.map((job) => viewJob(job, deps)), next_cursor: nextCursor };
}

function toQuery(filter: JobFilter): JobQuery {
  return {
    limit: filter.limit ?? DEFAULT_PAGE_SIZE,
    ...(filter.status === undefined ? {} : { status: filter.status }),
    ...(filter.processor === undefined ? {} : { processor: filter.processor }),
    ...(filter.tag === undefined ? {} : { tags: filter.tag }),
    ...(filter.created_after === undefined ? {} : { createdAfter: Date.parse(filter.created_after) }),
    ...(filter.q === undefined ? {} : { text: filter.q }),
    ...(filter.cursor === undefined ? {} : { cursor: filter.cursor }),
  };
}
