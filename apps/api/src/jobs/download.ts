import { DomainError, type Job } from "@drover/core";
import type { Handler, Reply } from "../http/handler.js";
import { findJob } from "./find-job.js";
import { assertCompleted } from "./read.js";

export const downloadArtifact: Handler<"downloadArtifact"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  assertCompleted(job);
  const artifact = job.artifacts.find(({ name }) => name === input.params.name);
  if (artifact !== undefined) return { kind: "artifact", artifact };
  const names = job.artifacts.map(({ name }) => name).join(", ") || "none";
  throw new DomainError(
    "artifact_not_found",
    `Job ${job.id} has no artifact of that name. Its artifacts: ${names}.`,
  );
};

export const downloadJob: Handler<"downloadJob"> = async (input, deps) =>
  primaryOf(await findJob(input.params.job_id, deps));

/** The primary artifact of a completed job. */
export function primaryOf(job: Job): Reply {
  assertCompleted(job);
  const artifact = job.artifacts.find(({ isPrimary }) => isPrimary);
  if (artifact !== undefined) return { kind: "artifact", artifact };
  throw new DomainError(
    "artifact_not_found",
    `Job ${job.id} has no primary artifact; fetch one by its name.`,
  );
}
