import { viewLegacyJobStatus, viewLegacyStatus } from "../job-view.js";
import { ok } from "../reply.js";
import { accept, acceptedFields, acceptedHeaders } from "./accept.js";
import { primaryOf } from "./download.js";
import { findJob } from "./find-job.js";
import type { Handler } from "./handler.js";

/** The processor that the second existing client's uploads are for. */
const MOODLE = "moodle-log";
/** What the form of that client may carry. Other fields are passed over, within the limits of every form: flat names, each once, at most 16. */
const KNOWN_FIELDS = new Set(["params", "tags", "priority"]);

export const legacyUpload: Handler<"legacyUpload"> = async (input, deps) => {
  const accepted = await accept(
    {
      processor: MOODLE,
      idempotencyKey: input.headers["idempotency-key"],
      requestId: input.requestId,
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
    headers: acceptedHeaders(accepted),
    noted: acceptedFields(accepted),
    body: {
      job_id: accepted.job.id,
      status: "processing",
      message: "File accepted. Poll /api/status/{job_id} until it is completed.",
    },
  };
};

export const legacyJobStatus: Handler<"legacyJobStatus"> = async (input, deps) =>
  ok(viewLegacyJobStatus(await findJob(input.params.job_id, deps)));

export const legacyStatus: Handler<"legacyStatus"> = async (input, deps) =>
  ok(viewLegacyStatus(await findJob(input.params.job_id, deps)));

export const legacyDownload: Handler<"legacyDownload"> = async (input, deps) =>
  primaryOf(await findJob(input.params.job_id, deps));
