import { useSyncExternalStore } from "react";
import { drover } from "../api/drover.js";
import { ownJobs } from "../jobs/own-jobs.js";
import { type FileSender, type Submission, Submissions } from "./submissions.js";

/** A line that is lost is waited for so long. */
const PATIENCE_MS = 30 * 60_000;

/**
 * The sender of all uploads: one request, repeated with its key until it arrives. One that goes on in the
 * middle of a file, by `/api/uploads`, is another function of this shape in its place.
 */
const sendFile: FileSender = ({ processor, file, params, idempotencyKey, signal, onProgress }) =>
  drover.submit(processor, file, {
    ...{ params, idempotencyKey, signal },
    giveUpAfterMs: PATIENCE_MS,
    onUploadProgress: ({ sentBytes, totalBytes }) =>
      onProgress(Math.min(sentBytes, file.size), totalBytes ?? file.size),
  });

/** The uploads of this tab. */
export const uploads = new Submissions({
  send: sendFile,
  newId: newKey,
  onAccepted: ({ processor, file }, jobId) =>
    ownJobs.add({
      ...{ jobId, processor, filename: file.name, sizeBytes: file.size },
      ...{ createdAt: Date.now(), status: "queued" },
    }),
});
window.addEventListener("beforeunload", (event) => {
  if (uploads.isBusy) event.preventDefault();
});

const subscribe = (listener: () => void) => uploads.subscribe(listener);

/** The same, for a page that follows them. */
export function useUploads(): readonly Submission[] {
  return useSyncExternalStore(subscribe, () => uploads.all);
}

/** Not `randomUUID`, which a page has only by TLS or from its own machine. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
