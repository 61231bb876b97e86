import { ERRORS, type ErrorCode, type ErrorDetail } from "@drover/core";
import { MAX_WAIT_S } from "./job-schemas.js";
import type { Problem } from "./problem-document.js";

const JOB = "01990000-0000-7000-8000-000000000000";
const JOB_PATH = `/api/jobs/${JOB}`;
const SUBMIT_PATH = "/api/processors/moodle-log/jobs";

/** What a refusal says, where that is not the same for every code. */
interface Said {
  readonly detail: string;
  /** Path of the request. Default: that of a job. */
  readonly path?: string;
  readonly errors?: readonly ErrorDetail[];
  /** Further members of the document. */
  readonly members?: Partial<Problem>;
}

/** A refusal of each kind, as a server may word it; a code without one does not compile. */
const SAID: Readonly<Record<ErrorCode, Said>> = {
  invalid_job_id: { detail: 'Expected a UUID; got "not-a-uuid".', path: "/api/jobs/not-a-uuid" },
  invalid_request: {
    detail: `The query is wrong: wait must be at most ${MAX_WAIT_S}`,
    errors: [{ path: "wait", message: `must be at most ${MAX_WAIT_S}` }],
  },
  file_missing: { detail: "The form has no file: send it as part `file`.", path: SUBMIT_PATH },
  file_empty: { detail: "The file has no bytes.", path: SUBMIT_PATH },
  unauthorized: {
    detail: "A key is needed: send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
  },
  forbidden: { detail: "This needs a key with the scope submit." },
  job_not_found: { detail: `No job has the id ${JOB}.` },
  processor_not_found: {
    detail:
      'No worker has announced a processor "moodle" in the last 7 days. GET /api/processors lists what there is.',
    path: "/api/processors/moodle/jobs",
  },
  artifact_not_found: { detail: `Job ${JOB} has no artifact "x.csv".`, path: `${JOB_PATH}/artifacts/x.csv` },
  webhook_not_found: { detail: 'No webhook has the id "ep_1".', path: "/api/webhooks/ep_1" },
  key_not_found: { detail: 'No key has the id "0f3a9c51d2e8".', path: "/api/keys/0f3a9c51d2e8" },
  worker_not_found: {
    detail: 'No worker "web-1-7-a1" was heard of in the last 15 s. GET /api/workers lists those that live.',
    path: "/api/workers/web-1-7-a1/drain",
  },
  delivery_not_found: {
    detail: `Job ${JOB} has no delivery "msg_1".`,
    path: `${JOB_PATH}/deliveries/msg_1/redeliver`,
  },
  route_not_found: {
    detail: "There is nothing at /api/job. GET /openapi.json lists what there is.",
    path: "/api/job",
  },
  method_not_allowed: { detail: "PUT is not possible here; GET, HEAD, DELETE, OPTIONS are." },
  request_timeout: { detail: "Less than 1 KiB of the body came in 30 s.", path: SUBMIT_PATH },
  job_not_finished: { detail: `Job ${JOB} is running; it has no result yet.`, path: `${JOB_PATH}/result` },
  job_already_finished: {
    detail: `Job ${JOB} had finished before the cancel came.`,
    path: `${JOB_PATH}/cancel`,
  },
  webhook_disabled: {
    detail:
      'Webhook ep_1 is disabled (failing). Enable it first: PATCH /api/webhooks/ep_1 with {"enabled":true}.',
    path: `${JOB_PATH}/deliveries/msg_1/redeliver`,
  },
  job_expired: {
    detail: `Job ${JOB} and its files were removed when their retention ended.`,
    members: { expired_at: "2026-01-08T00:00:00.000Z" },
  },
  job_unreadable: { detail: `The record of job ${JOB} is damaged. It can be deleted.` },
  input_expired: {
    detail: `The input of job ${JOB} is no longer kept; upload the file again.`,
    path: `${JOB_PATH}/retry`,
  },
  body_too_large: { detail: "The body is larger than 16 KiB.", path: `${JOB_PATH}/retry` },
  file_too_large: {
    detail: "The file is larger than the 1073741824 bytes that are accepted.",
    path: SUBMIT_PATH,
  },
  file_type_not_accepted: {
    detail: 'moodle-log accepts .csv, text/csv; got "log.pdf" as application/pdf.',
    path: SUBMIT_PATH,
  },
  range_not_satisfiable: { detail: "There are 1024 bytes.", path: `${JOB_PATH}/download` },
  invalid_params: {
    detail: "The params do not fit moodle-log: params.timezone must be a string",
    path: SUBMIT_PATH,
    errors: [{ path: "params.timezone", message: "must be a string" }],
  },
  idempotency_key_reused: {
    detail:
      "This Idempotency-Key was used for another request: another file, processor or params. Use a new key.",
    path: SUBMIT_PATH,
  },
  rate_limited: {
    detail: "At most 600 requests a minute are taken (limit requests_per_minute); try again in 12 s.",
  },
  quota_exceeded: {
    detail: "100 jobs wait already (limit queued_jobs). Nothing was stored. Try again when some have run.",
    path: SUBMIT_PATH,
  },
  headers_too_large: { detail: "The request's first line and headers are larger than 16 KiB." },
  internal: { detail: "Something went wrong on our side. The log has it under this request_id." },
  redis_unavailable: { detail: "The queue does not answer; try again shortly." },
  at_capacity: {
    detail: "10000 jobs of moodle-log wait already. Nothing was stored; try again later.",
    path: SUBMIT_PATH,
  },
  storage_unavailable: { detail: "The storage does not answer; try again shortly." },
  storage_not_shared: {
    detail: "No worker of moodle-log works on the storage of this api. Nothing was stored.",
    path: SUBMIT_PATH,
  },
  issuer_unavailable: {
    detail: "The issuer of this token cannot be asked for its keys just now; try again shortly.",
  },
  draining: {
    detail: "This process is stopping and takes no new work; another one will.",
    path: SUBMIT_PATH,
  },
  storage_full: { detail: "The storage is full. Nothing was stored; try again later.", path: SUBMIT_PATH },
};

/** The problem document of a refusal with this code; status and title are those of the catalogue. */
export function exampleOf(code: ErrorCode): Problem {
  const { status, title } = ERRORS[code];
  const { detail, path = JOB_PATH, errors, members = {} } = SAID[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail,
    instance: path,
    code,
    request_id: "01990000-0000-7000-8000-0000000000ff",
    timestamp: "2026-01-01T00:00:00.000Z",
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...members,
    error: title,
    path,
  };
}
