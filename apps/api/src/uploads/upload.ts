import type { IncomingMessage } from "node:http";
import { type BlobInfo, DomainError, UNSHOWABLE } from "@drover/core";

/** The bounds of one upload, and where its bytes go. */
export interface ReceiveOptions {
  /** Key of the blob to make. */
  readonly key: string;
  readonly maxBytes: number;
  /** Throws when a file of this name and type is not wanted; called before a byte of it is stored. */
  readonly accept: (file: UploadedName) => void;
}

export interface UploadedName {
  /** Without folders and control characters, at most 255 characters; for display only. */
  readonly filename: string;
  /** Lower-case, without parameters. */
  readonly mediaType: string;
}

/** A whole upload: its file is stored, its fields are text. */
export interface Upload {
  readonly file: UploadedName & BlobInfo;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Reads the multipart body, streaming part `file` into the blob store, where it is durable with the next put
 * that names it in `after`. When it throws, no write is under way any more and what was stored is for the
 * caller to remove.
 * @throws `file_missing`, `file_too_large`, `invalid_request`, what `accept` throws and what the store
 *   throws, and `ClientGone`.
 */
export type Receive = (options: ReceiveOptions) => Promise<Upload>;

/** The client went away before its request was whole; nobody reads an answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

const MAX_LENGTH = 255;

/**
 * A client's file name as it may be shown: no folders, no control characters, at most 255 characters of which
 * the ending is kept. `unnamed` when nothing is left.
 */
export function displayName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replaceAll(UNSHOWABLE, "")
    .replaceAll(/\p{Cs}/gu, "")
    .normalize("NFC")
    .trim();
  if (clean === "" || clean === "." || clean === "..") return "unnamed";
  const characters = [...clean];
  if (characters.length <= MAX_LENGTH) return clean;
  const ending = /\.[^.]{1,16}$/u.exec(clean)?.[0] ?? "";
  return characters.slice(0, MAX_LENGTH - [...ending].length).join("") + ending;
}

/** A media type without its parameters, lower-case; `application/octet-stream` when it is none. */
export function mediaTypeOf(text: string): string {
  const type = (text.split(";")[0] ?? "").trim().toLowerCase();
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/.test(type)
    ? type
    : "application/octet-stream";
}

/**
 * Fewer bytes than this in one period are no progress: a client that drips would hold its connection for
 * ever.
 */
const MIN_BYTES = 1024;

/**
 * Calls `onStall` once when fewer than 1 KiB of the request arrived for `stallMs` while its body was
 * incomplete. Node's own request timeout covers the whole body and would cut slow honest uploads.
 * @returns what ends the watch.
 */
export function watchStall(
  request: IncomingMessage,
  stallMs: number,
  onStall: (error: DomainError) => void,
): () => void {
  let last = request.socket.bytesRead;
  const timer = setInterval(() => {
    const { bytesRead } = request.socket;
    if (bytesRead - last >= MIN_BYTES || request.complete) {
      last = bytesRead;
      return;
    }
    clearInterval(timer);
    onStall(
      new DomainError(
        "request_timeout",
        `The upload stalled: fewer than ${MIN_BYTES} bytes came in ${stallMs} ms.`,
      ),
    );
  }, stallMs);
  return () => clearInterval(timer);
}
