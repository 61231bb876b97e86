import type { IncomingMessage } from "node:http";
import { type Artifact, type BlobStore, type ByteRange, DomainError } from "@drover/core";
import type { Request, Response } from "express";
import { ClientGone } from "../uploads/upload.js";

/**
 * Streams an artifact: whole, or one range of it. Honours If-None-Match, If-Range and HEAD.
 * @throws `artifact_not_found` when its bytes are gone, `range_not_satisfiable`.
 */
export async function sendArtifact(
  artifact: Artifact,
  request: Request,
  response: Response,
  store: BlobStore,
): Promise<void> {
  if (hasCurrent(request, etagOf(artifact))) {
    setHeaders(artifact, response);
    response.status(304).end();
    return;
  }
  const range = requestedRange(artifact, request, response);
  const bytes = await bytesOf(artifact, range, request.method, store);
  setHeaders(artifact, response); // not before: a problem document must not carry them
  if (range !== undefined) {
    response.status(206).set("Content-Range", `bytes ${range.start}-${range.end}/${artifact.sizeBytes}`);
  }
  const length = range === undefined ? artifact.sizeBytes : range.end - range.start + 1;
  response.set("Content-Length", String(length));
  if (bytes === undefined) response.end();
  else await stream(bytes, length, response);
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
  throw new Error(`The stored bytes end ${left} bytes before the artifact does.`);
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

function etagOf(artifact: Artifact): string {
  return `"${artifact.sha256}"`;
}

function setHeaders(artifact: Artifact, response: Response): void {
  response.attachment(artifact.name);
  response.set({
    "Content-Type": artifact.mediaType,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    ETag: etagOf(artifact),
    "Repr-Digest": `sha-256=:${Buffer.from(artifact.sha256, "hex").toString("base64")}:`,
  });
}

/**
 * The one range to send; `undefined` for everything: no range, several of them, one that cannot be read, or a
 * part of other bytes than these.
 */
function requestedRange(artifact: Artifact, request: Request, response: Response): ByteRange | undefined {
  if (request.method !== "GET") return undefined; // RFC 9110, section 14.2
  const condition = request.get("if-range");
  if (condition !== undefined && condition !== etagOf(artifact)) return undefined;
  if (isLongSuffix(request.get("range"), artifact.sizeBytes)) {
    return artifact.sizeBytes === 0 ? undefined : { start: 0, end: artifact.sizeBytes - 1 };
  }
  const ranges = request.range(artifact.sizeBytes);
  if (ranges === -1) {
    response.set({ "Accept-Ranges": "bytes", "Content-Range": `bytes */${artifact.sizeBytes}` });
    throw new DomainError("range_not_satisfiable", `The artifact has ${artifact.sizeBytes} bytes.`);
  }
  if (ranges === undefined || ranges === -2 || ranges.type !== "bytes" || ranges.length !== 1)
    return undefined;
  return ranges[0];
}

/**
 * Whether the last N bytes are asked for of an artifact that has fewer: all of it, by RFC 9110, 14.1.2.
 * Express would answer 416.
 */
function isLongSuffix(range = "", sizeBytes: number): boolean {
  const length = /^bytes=\s*-(\d+)\s*$/i.exec(range)?.[1];
  return Number(length) > sizeBytes;
}

/**
 * The bytes, found whole and opened before the first header leaves; `undefined` when none are to be sent: for
 * a HEAD, and of an empty artifact. What is opened has to be read.
 * @throws `artifact_not_found` when they are gone, or not as many as were published.
 */
async function bytesOf(
  artifact: Artifact,
  range: ByteRange | undefined,
  method: string,
  store: BlobStore,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { key, name, sizeBytes } = artifact;
  const gone = () => new DomainError("artifact_not_found", `The bytes of ${name} are no longer stored.`);
  const stored = await store.stat(key);
  if (stored === undefined) throw gone();
  if (stored.sizeBytes !== sizeBytes) {
    throw new DomainError(
      "artifact_not_found",
      `The stored bytes of ${name} are damaged: ${stored.sizeBytes} of ${sizeBytes} are there.`,
    );
  }
  if (method === "HEAD" || sizeBytes === 0) return undefined;
  const bytes = await store.open(key, range);
  if (bytes === undefined) throw gone(); // removed in between
  return bytes;
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
