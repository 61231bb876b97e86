import { DomainError } from "@drover/core";
import type { Handler } from "../http/handler.js";
import { findJob, throwMissing } from "./find-job.js";
import { settleJob } from "./settle-job.js";

export const cancelJob: Handler<"cancelJob"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const answer = await deps.queue.jobs.cancel(job.id);
  switch (answer) {
    case "not_found":
      return throwMissing(job.id, deps);
    case "already_finished":
      throw new DomainError("job_already_finished", `Job ${job.id} had finished before the cancel came.`);
    case "cancelling":
      return { kind: "json", status: 202, body: { job_id: job.id, status: answer } };
    case "cancelled":
      await settleJob(job.id, deps); // no worker will ever see this job
      return { kind: "json", status: 200, body: { job_id: job.id, status: answer } };
  }
};
