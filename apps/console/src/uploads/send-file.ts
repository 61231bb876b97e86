import type { Job } from "@drover/client";
import { drover } from "../api/drover-client.js";
import type { Params } from "../params/param-fields.js";

/** A file on its way to a processor. */
export interface Sending {
  readonly processor: string;
  readonly file: File;
  readonly params: Params;
  /** Makes repeats of this submit one job. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Called as the bytes leave; begins at 0 again when the line was lost. */
  onProgress(sentBytes: number, totalBytes: number): void;
}

/** Brings a file to the server and returns its job. */
export type FileSender = (sending: Sending) => Promise<Job>;

/** A line that is lost is waited for so long. */
const PATIENCE_MS = 30 * 60_000;

/**
 * The sender of all uploads: one request, repeated with its key until it arrives. One that goes on in the
 * middle of a file, by `/api/uploads`, is another function of this shape in its place.
 */
export const sendFile: FileSender = ({ processor, file, params, idempotencyKey, signal, onProgress }) =>
  drover.submit(processor, file, {
    ...{ params, idempotencyKey, signal },
    giveUpAfterMs: PATIENCE_MS,
    onUploadProgress: ({ sentBytes, totalBytes }) =>
      onProgress(Math.min(sentBytes, file.size), totalBytes ?? file.size),
  });
