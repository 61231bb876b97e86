import { parse } from "node:path";
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

/** The primary artifact, else the only one, else all of them. */
export const downloadJob: Handler<"downloadJob"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  assertCompleted(job);
  const only = job.artifacts.length === 1 ? job.artifacts[0] : undefined;
  const artifact = job.artifacts.find(({ isPrimary }) => isPrimary) ?? only;
  return artifact === undefined ? archiveOf(job) : { kind: "artifact", artifact };
};

export const downloadArchive: Handler<"downloadArchive"> = async (input, deps) =>
  archiveOf(await findJob(input.params.job_id, deps));

/** What the second existing client unpacks: the ZIP that the processor made, else that of all artifacts. */
export const legacyDownload: Handler<"legacyDownload"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const artifact = job.artifacts.find((one) => one.isPrimary && one.mediaType === "application/zip");
  return artifact === undefined ? archiveOf(job) : { kind: "artifact", artifact };
};

/**
 * All artifacts of a completed job, as one ZIP.
 * @throws {artifact_not_found} when it has none, and as `assertCompleted` does.
 */
function archiveOf(job: Job): Reply {
  assertCompleted(job);
  const { id, artifacts, input, finishedAt, createdAt } = job;
  if (artifacts.length === 0) throw new DomainError("artifact_not_found", `Job ${id} has no artifacts.`);
  const filename = `${parse(input.filename).name || "job"}-results.zip`;
  return { kind: "archive", archive: { filename, modifiedAt: finishedAt ?? createdAt, artifacts } };
}
