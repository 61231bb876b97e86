import * as z from "zod";
import { EventFilter, STREAM_HEADERS } from "./event-schemas.js";
import {
  CancelAnswer,
  Job,
  JobFilter,
  JobList,
  JobLogs,
  JobQuery,
  RetryBody,
  SubmitForm,
} from "./job-schemas.js";
import {
  ACCEPTED_HEADERS,
  ARTIFACT_PARAMS,
  BYTES,
  DOWNLOAD,
  DOWNLOAD_HEADERS,
  JOB_PARAMS,
  JSON_BODY,
  PROCESSOR_PARAMS,
  RANGE_HEADERS,
  READ,
  type Route,
  SUBMIT_HEADERS,
  UPLOAD,
  ZIP,
} from "./route-parts.js";

/** The life of a job: submit, read, cancel, retry, download, delete. */
export const jobRoutes = {
  submitJob: {
    method: "POST",
    path: "/api/processors/{processor}/jobs",
    group: "Jobs",
    access: "submit",
    summary: "Upload a file and get a job for it at once.",
    description:
      "The file is stored and the job queued before the answer leaves, so the job can be read at once. " +
      "What the processor accepts, and the schema of its `params`, stand in the catalogue. With an " +
      "`Idempotency-Key` a request can be repeated safely.",
    params: PROCESSOR_PARAMS,
    headers: SUBMIT_HEADERS,
    body: { mediaType: "multipart/form-data", schema: SubmitForm, isRequired: true },
    answers: {
      202: {
        description: "The job. It can be read from any api process before this answer leaves.",
        schema: Job,
        headers: {
          ...ACCEPTED_HEADERS,
          "Idempotent-Replayed": "`true` when an earlier request with the key made the job.",
        },
      },
    },
    errors: UPLOAD,
  },
  getJob: {
    method: "GET",
    path: "/api/jobs/{job_id}",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Read a job, whatever its status.",
    description:
      "One answer for every status. `wait` holds it until the status changes, which saves polling; with " +
      "`If-None-Match` an unchanged job is a 304.",
    params: JOB_PARAMS,
    query: JobQuery,
    headers: z.object({ "if-none-match": z.string().optional() }),
    answers: {
      200: {
        description: "The job.",
        schema: Job,
        headers: { ETag: "Changes with the job.", "Retry-After": "While the job is not terminal." },
      },
      304: { description: "The job has not changed." },
    },
    errors: [...READ, "invalid_request"],
  },
  listJobs: {
    method: "GET",
    path: "/api/jobs",
    group: "Jobs",
    access: "read",
    summary: "List jobs, newest first.",
    description: "By pages, with a cursor that stays right while jobs come and go. All filters must match.",
    query: JobFilter,
    answers: { 200: { description: "A page of jobs.", schema: JobList } },
    errors: ["invalid_request", "redis_unavailable"],
  },
  streamJob: {
    method: "GET",
    path: "/api/jobs/{job_id}/events",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Follow a job as server-sent events, to its end.",
    description:
      "First `snapshot`, the job; then `progress`, `log` and `status` as they happen; the last `status` carries " +
      "the job again, and the stream ends. All but `snapshot` have an `id`: a client that comes back with " +
      "`Last-Event-ID` misses nothing and gets nothing twice, on any api process; where older events are gone " +
      "it gets a `snapshot` first.",
    params: JOB_PARAMS,
    headers: STREAM_HEADERS,
    answers: {
      200: { description: "The events.", mediaType: "text/event-stream" },
      204: { description: "All was told: there is nothing to come back for." },
    },
    errors: READ,
  },
  streamJobs: {
    method: "GET",
    path: "/api/events",
    group: "Jobs",
    access: "read",
    summary: "Follow many jobs as server-sent events.",
    description:
      "For a page that shows a list: `snapshot` is the newest jobs as `GET /api/jobs` lists them, then the same " +
      "events as of one job, for all jobs that match. Does not end by itself.",
    query: EventFilter,
    headers: STREAM_HEADERS,
    answers: { 200: { description: "The events.", mediaType: "text/event-stream" } },
    errors: ["invalid_request", "processor_not_found", "redis_unavailable"],
  },
  getLogs: {
    method: "GET",
    path: "/api/jobs/{job_id}/logs",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Read what the processor logged, by attempt.",
    description:
      "Lines that the processor's code wrote, of every attempt. What the worker itself logged is in the " +
      "operator's log under the same job id.",
    params: JOB_PARAMS,
    answers: { 200: { description: "The newest 500 lines, oldest first.", schema: JobLogs } },
    errors: READ,
  },
  getResult: {
    method: "GET",
    path: "/api/jobs/{job_id}/result",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Read the small JSON result of a completed job.",
    description: "What the processor returned, at most 64 KiB. Large results are artifacts.",
    params: JOB_PARAMS,
    answers: { 200: { description: "The result as the processor gave it.", schema: z.unknown() } },
    errors: [...READ, "job_not_finished"],
  },
  downloadArtifact: {
    method: "GET",
    path: "/api/jobs/{job_id}/artifacts/{name}",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Download one artifact.",
    description:
      "By its name in the job's `artifacts`. Fetching consumes nothing; a download that broke off goes " +
      "on with `Range` and `If-Range`. An artifact that is stored as gzip is sent so to a client that " +
      "accepts it, unless a `Range` is asked for.",
    params: ARTIFACT_PARAMS,
    headers: DOWNLOAD_HEADERS,
    answers: BYTES,
    errors: DOWNLOAD,
  },
  downloadJob: {
    method: "GET",
    path: "/api/jobs/{job_id}/download",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Download what the job made.",
    description:
      "The artifact that the processor marked as primary, else the only one, else the ZIP of all of them.",
    params: JOB_PARAMS,
    headers: DOWNLOAD_HEADERS,
    answers: BYTES,
    errors: DOWNLOAD,
  },
  downloadArchive: {
    method: "GET",
    path: "/api/jobs/{job_id}/archive",
    group: "Jobs",
    access: "read",
    takesJobToken: true,
    summary: "Download all artifacts as one ZIP.",
    description:
      "Put together while it is sent, from what is stored, with its length told beforehand; it can be " +
      "resumed as every download. A job without artifacts answers 404.",
    params: JOB_PARAMS,
    headers: RANGE_HEADERS,
    answers: ZIP,
    errors: DOWNLOAD,
  },
  cancelJob: {
    method: "POST",
    path: "/api/jobs/{job_id}/cancel",
    group: "Jobs",
    access: "submit",
    summary: "Cancel a job that is not finished.",
    description:
      "A queued job ends at once; a running one is stopped with every process that it started. A " +
      "finished job answers 409.",
    params: JOB_PARAMS,
    answers: {
      200: { description: "It was queued and will never start.", schema: CancelAnswer },
      202: { description: "It is running and stops within 2 s.", schema: CancelAnswer },
    },
    errors: [...READ, "job_already_finished"],
  },
  retryJob: {
    method: "POST",
    path: "/api/jobs/{job_id}/retry",
    group: "Jobs",
    access: "submit",
    summary: "Run a failed or cancelled job again from its kept input.",
    description:
      "The attempts are counted anew. `params` in the body take the place of the job's own; without a " +
      "body it runs as before.",
    params: JOB_PARAMS,
    body: { mediaType: "application/json", schema: RetryBody, isRequired: false },
    answers: { 202: { description: "The job, queued again.", schema: Job, headers: ACCEPTED_HEADERS } },
    errors: [
      ...READ,
      ...JSON_BODY,
      "invalid_params",
      "job_not_finished",
      "job_already_finished",
      "input_expired",
      "draining",
    ],
  },
  deleteJob: {
    method: "DELETE",
    path: "/api/jobs/{job_id}",
    group: "Jobs",
    access: "submit",
    summary: "Erase a job with its input, artifacts and logs; cancels it first if need be.",
    description: "Cannot be undone. A running job is cancelled first, which may take some seconds.",
    params: JOB_PARAMS,
    answers: { 204: { description: "Nothing of the job is left." } },
    errors: [...READ.filter((code) => code !== "job_unreadable"), "job_not_finished"],
  },
} as const satisfies Record<string, Route>;
