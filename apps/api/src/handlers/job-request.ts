import { DomainError, type JobRequest, type ProcessorInfo } from "@drover/core";
import type { Deps } from "../deps.js";
import type { Upload, UploadedName } from "../upload/upload.js";
import { readFields } from "./submit-fields.js";

/** Throws `file_type_not_accepted` unless the file's ending or its media type is one that the processor takes. */
export function assertAccepted(processor: ProcessorInfo, file: UploadedName): void {
  const { extensions, mediaTypes } = processor.accepts;
  if (extensions.length === 0 && mediaTypes.length === 0) return;
  const name = file.filename.toLowerCase();
  if (extensions.some((ending) => name.endsWith(ending)) || mediaTypes.includes(file.mediaType)) return;
  const wanted = [...extensions, ...mediaTypes].join(", ");
  throw new DomainError(
    "file_type_not_accepted",
    `${processor.name} accepts ${wanted}; got "${file.filename}" as ${file.mediaType}.`,
  );
}

/** BullMQ keeps the request in the job's data. */
const MAX_REQUEST_BYTES = 4096;

/** The job that an upload asks for. Throws `file_empty`, `invalid_request`, `invalid_params`. */
export function requestOf(
  upload: Upload,
  {
    blobKey,
    processor,
    requestId,
  }: { readonly blobKey: string; readonly processor: ProcessorInfo; readonly requestId: string },
  deps: Deps,
): JobRequest {
  if (upload.file.sizeBytes === 0) throw new DomainError("file_empty", "The file has no bytes.");
  const fields = readFields(upload.fields, processor);
  deps.checkParams(processor, fields.params);
  const request: JobRequest = {
    id: deps.newJobId(),
    processor: processor.name,
    input: { key: blobKey, ...upload.file },
    maxAttempts: processor.limits.maxAttempts,
    createdAt: deps.now(),
    requestId,
    ...fields,
  };
  assertSmall(request);
  return request;
}

/** Throws `invalid_request` when the request is too large for a queue entry. */
export function assertSmall(request: JobRequest): void {
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= MAX_REQUEST_BYTES) return;
  throw new DomainError(
    "invalid_request",
    `params, tags and the file name come to ${bytes} bytes with the rest of the job; ${MAX_REQUEST_BYTES} are possible. Put what is large into the file.`,
  );
}
