import type { IncomingMessage } from "node:http";
import { type ByteRange, DomainError } from "@drover/core";
import type { Request, Response } from "express";
import { ClientGone } from "../uploads/upload.js";

/** Bytes to download, in one of the forms that the server has of them. */
export interface Representation {
  readonly filename: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Strong, with its quotes. */
  readonly etag: string;
  /** Hexadecimal SHA-256; absent when it is not known. */
  readonly sha256?: string;
  /** Of these bytes; absent: they are what the media type says. */
  readonly encoding?: "gzip";
  /** Whether a client with another `Accept-Encoding` would be sent another form. */
  readonly isNegotiated: boolean;
  /** @throws {artifact_not_found} unless all of the bytes are stored. */
  assertWhole(): Promise<void>;
  /**
   * These of the bytes, found before the first header leaves; never none of them. They have to be read.
   * @throws {artifact_not_found} when they are gone.
   */
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Streams the bytes: whole, or one range of them. Honours If-None-Match, If-Range and HEAD.
 * @throws what the representation throws, and `range_not_satisfiable`.
 */
export async function sendBytes(bytes: Representation, request: Request, response: Response): Promise<void> {
  if (hasCurrent(request, bytes.etag)) {
    setValidators(bytes, response);
    response.status(304).end();
    return;
  }
  const part = requestedRange(bytes, request, response);
  const range = part ?? { start: 0, end: bytes.sizeBytes - 1 };
  const length = range.end - range.start + 1;
  await bytes.assertWhole();
  const source = request.method === "HEAD" || length === 0 ? undefined : await bytes.open(range);
  setHeaders(bytes, response); // not before: a problem document must not carry them
  if (part !== undefined) {
    response.status(206).set("Content-Range", `bytes ${part.start}-${part.end}/${bytes.sizeBytes}`);
  }
  response.set("Content-Length", String(length));
  if (source === undefined) response.end();
  else await stream(source, length, response).finally(() => clearHeaders(response));
}

/**
 * Sends exactly `length` bytes. The answer ends with the last of them, not with the source's own end: a
 * client counts bytes, and one that closes as soon as it has them all would else be taken for one that left
 * early.
 */
async function stream(bytes: AsyncIterable<Uint8Array>, length: number, response: Response): Promise<void> {
  let left = length;
  for await (const chunk of bytes) {
    if (response.destroyed) throw new ClientGone("The client closed the connection during its download.");
    if (chunk.length >= left) {
      response.end(chunk.subarray(0, left));
      return;
    }
    left -= chunk.length;
    if (!response.write(chunk)) await drained(response);
  }
  throw new Error(`The stored bytes end ${left} bytes too early.`);
}

/** Resolves when more can be written, or never will be. */
function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

const OF_THE_BYTES = [
  "Accept-Ranges",
  "Cache-Control",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Range",
  "ETag",
  "Repr-Digest",
];

/** The source failed before its first byte: the problem document that follows has headers of its own. */
function clearHeaders(response: Response): void {
  if (response.headersSent) return;
  for (const name of OF_THE_BYTES) response.removeHeader(name);
}

/** What a 304 says too. */
function setValidators({ etag, isNegotiated }: Representation, response: Response): void {
  response.set({ ETag: etag, "Cache-Control": "private, no-cache" });
  if (isNegotiated) response.vary("Accept-Encoding");
}

function setHeaders(bytes: Representation, response: Response): void {
  const { filename, mediaType, sha256, encoding } = bytes;
  setValidators(bytes, response);
  response.attachment(filename);
  response.set({ "Content-Type": mediaType, "Accept-Ranges": "bytes" });
  if (encoding !== undefined) response.set("Content-Encoding", encoding);
  if (sha256 !== undefined) {
    response.set("Repr-Digest", `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`);
  }
}

/**
 * The one range to send; `undefined` for everything: no range, several of them, one that cannot be read, or a
 * part of other bytes than these.
 */
function requestedRange(
  { etag, sizeBytes }: Representation,
  request: Request,
  response: Response,
): ByteRange | undefined {
  if (request.method !== "GET") return undefined; // RFC 9110, section 14.2
  const condition = request.get("if-range");
  if (condition !== undefined && condition !== etag) return undefined;
  if (isLongSuffix(request.get("range"), sizeBytes)) {
    return sizeBytes === 0 ? undefined : { start: 0, end: sizeBytes - 1 };
  }
  const ranges = request.range(sizeBytes);
  if (ranges === -1) {
    response.set({ "Accept-Ranges": "bytes", "Content-Range": `bytes */${sizeBytes}` });
    throw new DomainError("range_not_satisfiable", `There are ${sizeBytes} bytes.`);
  }
  if (ranges === undefined || ranges === -2 || ranges.type !== "bytes" || ranges.length !== 1)
    return undefined;
  return ranges[0];
}

/**
 * Whether the last N bytes are asked for of fewer: all of them, by RFC 9110, 14.1.2.
 * Express would answer 416.
 */
function isLongSuffix(range = "", sizeBytes: number): boolean {
  const length = /^bytes=\s*-(\d+)\s*$/i.exec(range)?.[1];
  return Number(length) > sizeBytes;
}

/**
 * Whether the client's `If-None-Match` names the tag (RFC 9110, section 13.1.2, weak comparison). The
 * request's `Cache-Control` does not count: it is for caches on the way, and every `fetch` that sets
 * `If-None-Match` itself also says `no-cache`.
 */
export function hasCurrent(request: IncomingMessage, etag: string): boolean {
  const header = request.headers["if-none-match"];
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const bare = (tag: string) => tag.trim().replace(/^W\//, "");
  return header.split(",").some((tag) => bare(tag) === bare(etag));
}
