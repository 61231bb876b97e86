import { downloadArtifact, downloadJob } from "./download.js";
import type { Handlers } from "./handler.js";
import { health, livez, readyz } from "./health.js";
import { getJob, getLogs, getResult, listJobs } from "./jobs.js";
import { legacyDownload, legacyJobStatus, legacyStatus, legacyUpload } from "./legacy.js";
import { getProcessor, listProcessors } from "./processors.js";
import { cancelJob, deleteJob, retryJob } from "./steer.js";
import { submitJob } from "./submit.js";

/** What answers each route of the table. */
export const handlers: Handlers = {
  submitJob,
  getJob,
  listJobs,
  getLogs,
  getResult,
  downloadArtifact,
  downloadJob,
  cancelJob,
  retryJob,
  deleteJob,
  listProcessors,
  getProcessor,
  livez,
  readyz,
  health,
  legacyJobStatus,
  legacyUpload,
  legacyStatus,
  legacyDownload,
};
