import type { BlobInfo } from "@drover/core";

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
 * Reads the multipart body, streaming part `file` into the blob store.
 * Throws `file_missing`, `file_too_large`, `invalid_request`, what `accept` throws and what the store throws, and `ClientGone`.
 * When it throws, no write is under way any more and what was stored is for the caller to remove.
 */
export type Receive = (options: ReceiveOptions) => Promise<Upload>;

/** The client went away before its request was whole; nobody reads an answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}
