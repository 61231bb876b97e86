import { useSyncExternalStore } from "react";
import { ownJobs } from "../jobs/own-jobs.js";
import { sendFile } from "./send-file.js";
import { type Submission, Submissions } from "./submissions.js";

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
