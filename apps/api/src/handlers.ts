import { legacyDownload, legacyJobStatus, legacyStatus, legacyUpload } from "./compatibility/legacy.js";
import type { Handlers } from "./http/handler.js";
import { cancelJob } from "./jobs/cancel.js";
import { deleteJob } from "./jobs/delete.js";
import { downloadArtifact, downloadJob } from "./jobs/download.js";
import { listJobs } from "./jobs/list.js";
import { getJob, getLogs, getResult } from "./jobs/read.js";
import { retryJob } from "./jobs/retry.js";
import { submitJob } from "./jobs/submit.js";
import { health, livez, readyz } from "./operations/health.js";
import { getProcessor, listProcessors } from "./processors/processors.js";

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
