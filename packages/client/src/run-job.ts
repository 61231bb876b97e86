import type { Job, Server } from "./request.js";
import { type SubmitOptions, submit } from "./submit-job.js";
import type { UploadProgress } from "./upload-progress.js";
import { type WaitOptions, waitForJob } from "./wait-for-job.js";

/** What a run tells of itself: first how the upload goes, then the job each time that something about it changes. */
export type RunUpdate =
  | ({ readonly kind: "upload" } & UploadProgress)
  | { readonly kind: "job"; readonly job: Job };

export interface RunOptions extends SubmitOptions, Pick<WaitOptions, "firstEventMs"> {
  readonly onUpdate?: (update: RunUpdate) => void;
}

/**
 * Uploads the file and follows its job to the end. A submit that meets trouble is repeated, and makes one job; an
 * abort ends the upload, and of a job that is there already only the following.
 */
export async function runJob(
  server: Server,
  { processor, file }: { readonly processor: string; readonly file: Blob },
  { onUpdate, ...options }: RunOptions,
): Promise<Job> {
  const { signal, firstEventMs, giveUpAfterMs } = options;
  const key = options.idempotencyKey ?? newKey();
  const job = await submit(server, processor, file, {
    ...options,
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(onUpdate === undefined
      ? {}
      : { onUploadProgress: (progress) => onUpdate({ kind: "upload", ...progress }) }),
  });
  onUpdate?.({ kind: "job", job });
  return waitForJob(server, job.job_id, {
    ...(onUpdate === undefined ? {} : { onUpdate: (changed) => onUpdate({ kind: "job", job: changed }) }),
    ...(signal === undefined ? {} : { signal }),
    ...(firstEventMs === undefined ? {} : { firstEventMs }),
    ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
  });
}

/** Browsers have `randomUUID` on https and on this machine only. */
function newKey(): string | undefined {
  return typeof crypto.randomUUID === "function" ? crypto.randomUUID() : undefined;
}
