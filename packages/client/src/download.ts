import { UnexpectedAnswerError } from "./client-errors.js";
import { type Call, callJson, lostAnswer, type Server, send, urlOf } from "./request.js";

export interface DownloadOptions extends RangeOptions {
  /** Name of an artifact. Default: the job's primary one, else its only one, else the ZIP of all. */
  readonly artifact?: string;
}

export interface RangeOptions {
  /** Both ends included, 0-based; without `end` up to the last byte. */
  readonly range?: { readonly start: number; readonly end?: number };
  readonly signal?: AbortSignal;
}

/** Bytes on their way. */
export interface Download {
  readonly filename: string;
  readonly mediaType: string;
  /**
   * Of this answer: all of the bytes, or the range. `undefined` when it was compressed on its way, which
   * browsers always ask for.
   */
  readonly sizeBytes: number | undefined;
  /**
   * Hexadecimal SHA-256 of the whole artifact; `undefined` for a ZIP of all, and when the server, or a proxy
   * before it, did not tell.
   */
  readonly sha256: string | undefined;
  /** Fails with `UnreachableError` when the connection breaks. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Starts to fetch what a completed job made. The body has to be read or cancelled. */
export function download(server: Server, jobId: string, options: DownloadOptions): Promise<Download> {
  const { artifact } = options;
  if (artifact === undefined) return fetchBytes(server, "downloadJob", { job_id: jobId }, options);
  return fetchBytes(server, "downloadArtifact", { job_id: jobId, name: artifact }, options);
}

/** Starts to fetch all artifacts of a completed job as one ZIP. The body has to be read or cancelled. */
export function downloadArchive(server: Server, jobId: string, options: RangeOptions): Promise<Download> {
  return fetchBytes(server, "downloadArchive", { job_id: jobId }, options);
}

/**
 * Address of one artifact, or of what stands for the whole job, for a link or a download that a browser makes by
 * itself: it sends no key, so where the client has one, the address carries a token of the job.
 */
export async function downloadUrl(
  server: Server,
  jobId: string,
  { artifact, signal }: { readonly artifact?: string; readonly signal?: AbortSignal },
): Promise<string> {
  const params = { job_id: jobId, ...(artifact === undefined ? {} : { name: artifact }) };
  const url = urlOf(server, artifact === undefined ? "downloadJob" : "downloadArtifact", { params });
  if (server.apiKey === undefined) return url;
  const { token } = await callJson(server, "createJobToken", { params: { job_id: jobId }, signal });
  return `${url}?token=${encodeURIComponent(token)}`;
}

async function fetchBytes(
  server: Server,
  name: "downloadJob" | "downloadArtifact" | "downloadArchive",
  params: Readonly<Record<string, string>>,
  { range, signal }: RangeOptions,
): Promise<Download> {
  const call: Call = {
    params,
    headers: {
      "accept-encoding": "identity", // so that size and digest are of the bytes that come
      range: range === undefined ? undefined : `bytes=${range.start}-${range.end ?? ""}`,
    },
    signal,
  };
  const response = await send(server, name, call);
  const { headers } = response;
  if (!/^\s*attachment\b/i.test(headers.get("content-disposition") ?? "")) {
    const text = await beginningOf(response);
    throw new UnexpectedAnswerError(response, { url: urlOf(server, name, call), text });
  }
  return {
    filename: params["name"] ?? filenameOf(headers) ?? "download",
    mediaType: headers.get("content-type") ?? "application/octet-stream",
    sizeBytes: headers.has("content-encoding") ? undefined : Number(headers.get("content-length") ?? 0),
    sha256: /"([0-9a-f]{64})(?:-gzip)?"/.exec(headers.get("etag") ?? "")?.[1],
    body: bytesOf(response, (cause) =>
      lostAnswer(cause, signal, `${server.baseUrl} broke off the download.`),
    ),
  };
}

/** The first bytes of a body that nobody wants, as text. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read().catch(() => undefined);
  reader?.cancel().catch(() => {});
  return new TextDecoder().decode(first?.value);
}

/** The body, whose failure is the error that `failure` makes of it. */
function bytesOf(response: Response, failure: (cause: unknown) => unknown): ReadableStream<Uint8Array> {
  const reader = response.body?.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = await reader?.read().catch((cause: unknown) => {
          throw failure(cause);
        });
        if (part === undefined || part.done) controller.close();
        else controller.enqueue(part.value);
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 }, // nothing is read before somebody asks
  );
}

/** RFC 6266: a token or a quoted string. Artifacts have plain names, so the extended form is not needed. */
function filenameOf(headers: Headers): string | undefined {
  const disposition = headers.get("content-disposition") ?? "";
  return /\bfilename=(?:"([^"]*)"|([^";\s]+))/
    .exec(disposition)
    ?.slice(1)
    .find((name) => name !== undefined);
}
