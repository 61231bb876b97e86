import { type Server, send } from "./request.js";

export interface DownloadOptions {
  /** Name of an artifact. Default: the job's primary one. */
  readonly artifact?: string;
  /** Both ends included, 0-based; without `end` up to the last byte. */
  readonly range?: { readonly start: number; readonly end?: number };
  readonly signal?: AbortSignal;
}

/** Bytes on their way. */
export interface Download {
  readonly filename: string;
  readonly mediaType: string;
  /** Of this answer: all of the artifact, or the range. */
  readonly sizeBytes: number;
  /** Hexadecimal SHA-256 of the whole artifact. */
  readonly sha256: string;
  readonly body: ReadableStream<Uint8Array>;
}

/** Starts to fetch an artifact of a completed job. The body has to be read or cancelled. */
export async function download(server: Server, jobId: string, options: DownloadOptions): Promise<Download> {
  const { artifact, range, signal } = options;
  const call = {
    headers: { range: range === undefined ? undefined : `bytes=${range.start}-${range.end ?? ""}` },
    signal,
  };
  const response =
    artifact === undefined
      ? await send(server, "downloadJob", { ...call, params: { job_id: jobId } })
      : await send(server, "downloadArtifact", { ...call, params: { job_id: jobId, name: artifact } });
  const { headers } = response;
  return {
    filename: artifact ?? filenameOf(headers) ?? "download",
    mediaType: headers.get("content-type") ?? "application/octet-stream",
    sizeBytes: Number(headers.get("content-length") ?? 0),
    sha256: (headers.get("etag") ?? "").replaceAll('"', ""),
    body: response.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() }),
  };
}

/** RFC 6266: a token or a quoted string. Artifacts have plain names, so the extended form is not needed. */
function filenameOf(headers: Headers): string | undefined {
  const disposition = headers.get("content-disposition") ?? "";
  return /\bfilename=(?:"([^"]*)"|([^";\s]+))/
    .exec(disposition)
    ?.slice(1)
    .find((name) => name !== undefined);
}
