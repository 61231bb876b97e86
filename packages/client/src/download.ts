import { UnexpectedAnswerError } from "./client-errors.js";
import { type Call, lostAnswer, type Server, send, urlOf } from "./request.js";

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
  /**
   * Hexadecimal SHA-256 of the whole artifact; `undefined` when the server, or a proxy before it, did not
   * tell.
   */
  readonly sha256: string | undefined;
  /** Fails with `UnreachableError` when the connection breaks. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Starts to fetch an artifact of a completed job. The body has to be read or cancelled. */
export async function download(server: Server, jobId: string, options: DownloadOptions): Promise<Download> {
  const { artifact, range, signal } = options;
  const name = artifact === undefined ? "downloadJob" : "downloadArtifact";
  const call: Call = {
    params: { job_id: jobId, ...(artifact === undefined ? {} : { name: artifact }) },
    headers: { range: range === undefined ? undefined : `bytes=${range.start}-${range.end ?? ""}` },
    signal,
  };
  const response = await send(server, name, call);
  const { headers } = response;
  if (!/^\s*attachment\b/i.test(headers.get("content-disposition") ?? "")) {
    const text = await beginningOf(response);
    throw new UnexpectedAnswerError(response, { url: urlOf(server, name, call), text });
  }
  return {
    filename: artifact ?? filenameOf(headers) ?? "download",
    mediaType: headers.get("content-type") ?? "application/octet-stream",
    sizeBytes: Number(headers.get("content-length") ?? 0),
    sha256: /"([0-9a-f]{64})"/.exec(headers.get("etag") ?? "")?.[1],
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
