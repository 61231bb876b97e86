import type { LegacyJobStatus, LegacyStatus } from "@drover/contract";
import { isTerminal, type Job } from "@drover/core";
import { type Handler, type JsonHandler, ok } from "../http/handler.js";
import { createdFields, createdHeaders, createJob } from "../jobs/create-job.js";
import { findJob } from "../jobs/find-job.js";
import { shownProgress, time, timeOrNull } from "../jobs/job-view.js";

/** The processor that the second existing client's uploads are for. */
const MOODLE = "moodle-log";
/**
 * What the form of that client may carry. Other fields are passed over, within the limits of every form: flat
 * names, each once, at most 16.
 */
const KNOWN_FIELDS = new Set(["params", "tags", "priority"]);

export const legacyUpload: Handler<"legacyUpload"> = async (input, deps) => {
  const created = await createJob(
    {
      processor: MOODLE,
      idempotencyKey: input.headers["idempotency-key"],
      requestId: input.requestId,
      trace: input.trace,
      signal: input.signal,
      receive: async (options) => {
        const upload = await input.receive(options);
        const known = Object.entries(upload.fields).filter(([name]) => KNOWN_FIELDS.has(name));
        return { ...upload, fields: Object.fromEntries(known) };
      },
    },
    deps,
  );
  return {
    kind: "json",
    status: 202,
    headers: createdHeaders(created),
    noted: createdFields(created),
    body: {
      job_id: created.job.id,
      status: "processing",
      message: "File accepted. Poll /api/status/{job_id} until it is completed.",
    },
  };
};

export const legacyJobStatus: JsonHandler<"legacyJobStatus"> = async (input, deps) =>
  ok(viewLegacyJobStatus(await findJob(input.params.job_id, deps)));

export const legacyStatus: JsonHandler<"legacyStatus"> = async (input, deps) =>
  ok(viewLegacyStatus(await findJob(input.params.job_id, deps)));

const CANCELLED = "Job was cancelled";

/** The job in the words of the first existing client. */
function viewLegacyJobStatus(job: Job): LegacyJobStatus {
  return {
    job_id: job.id,
    status: job.status === "cancelled" ? "failed" : job.status,
    created_at: time(job.createdAt),
    updated_at: time(job.updatedAt),
    // Of an imported job, as its client knows it.
    progress: job.importedAt === undefined ? shownProgress(job).percent : job.progress.percent,
    ...(job.status === "completed" ? { result: job.result ?? null } : {}),
    ...(job.status === "failed" ? { error_message: job.error?.message ?? "The job failed." } : {}),
    ...(job.status === "cancelled" ? { error_message: CANCELLED } : {}),
  };
}

/** The job in the words of the second existing client. */
function viewLegacyStatus(job: Job): LegacyStatus {
  return {
    job_id: job.id,
    status: job.status === "completed" ? "completed" : isTerminal(job.status) ? "failed" : "processing",
    progress: Math.floor(shownProgress(job).percent),
    error: job.status === "cancelled" ? CANCELLED : (job.error?.message ?? null),
    created_at: time(job.createdAt),
    completed_at: timeOrNull(job.finishedAt),
  };
}
