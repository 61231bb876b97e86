import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { type BlobInfo, type BlobStore, DomainError } from "@drover/core";
import type { RequestHandler } from "express";
import multer from "multer";
import {
  ClientGone,
  displayName,
  mediaTypeOf,
  type Receive,
  type ReceiveOptions,
  type Upload,
  type UploadedName,
  watchStall,
} from "./upload.js";

/** The part that carries the file. */
const FILE_PART = "file";
const FIELD_LIMITS = {
  fieldNameSize: 64,
  fieldSize: 16 * 1024,
  fields: 16,
  files: 1,
  parts: 17,
  headerPairs: 32,
  // Our fields are flat: a bracket in a name would build objects out of it.
  fieldNestingDepth: 0,
  fieldArrayIndexLimit: 0,
};

export interface ReceiveDeps {
  readonly store: BlobStore;
  /** Longest time in which fewer than 1 KiB arrive, in ms. */
  readonly stallMs: number;
}

type Request = Parameters<RequestHandler>[0];

/**
 * A `Receive` for one request. multer parses; the file goes straight from its part into the blob store.
 *
 * multer reads a refused body to its end before it says so. The answer to a client must not wait for
 * gigabytes, so the first trouble ends the wait here; multer goes on throwing the rest away until the sender
 * of the answer closes the connection.
 */
export function receiverFor(request: Request, response: ServerResponse, deps: ReceiveDeps): Receive {
  return async (options) => {
    assertMultipart(request);
    assertLength(request, options.maxBytes);
    if (request.headers.expect !== undefined) response.writeContinue();
    const part = new FilePart(deps.store, options);
    const stopStallWatch = watchStall(request, deps.stallMs, (error) => part.fail(error));
    const onClose = () => {
      if (!request.complete) part.fail(new ClientGone("The client closed the connection during its upload."));
    };
    request.once("close", onClose);
    try {
      await Promise.race([parse(request, response, part, options.maxBytes), part.failed]);
      return wholeUpload(request, part);
    } catch (error) {
      part.fail(error);
      throw part.trouble;
    } finally {
      request.off("close", onClose);
      stopStallWatch();
      await part.settled();
    }
  };
}

/**
 * The parse of the whole body; what it throws blames the request, since the store's errors come through the
 * part.
 */
async function parse(
  request: Request,
  response: ServerResponse,
  part: FilePart,
  maxBytes: number,
): Promise<void> {
  const options = {
    storage: part,
    limits: { ...FIELD_LIMITS, fileSize: maxBytes },
    defParamCharset: "utf8",
    fileFilter: part.filter,
  };
  const middleware = multer(options).any();
  await new Promise<void>((resolve, reject) => {
    // The parser asks of the response nothing but to be there.
    middleware(request, response as Parameters<RequestHandler>[1], (error?: unknown) =>
      error === undefined || error === null ? resolve() : reject(asRefusal(error)),
    );
  });
}

function asRefusal(error: unknown): unknown {
  if (error instanceof DomainError || error instanceof multer.MulterError) return error;
  return new DomainError("invalid_request", "The multipart form is malformed or ends too early.", {
    cause: error,
  });
}

function wholeUpload(request: Request, part: FilePart): Upload {
  // Not by assignment: a field may be called __proto__.
  const fields = Object.fromEntries(Object.entries<unknown>(request.body ?? {}).map(onlyValue));
  if (part.stored === undefined) {
    const hint = FILE_PART in fields ? ` Field \`${FILE_PART}\` came as text without a file name.` : "";
    throw new DomainError("file_missing", `The form has no file: send it as part \`${FILE_PART}\`.${hint}`);
  }
  return { file: part.stored, fields };
}

function onlyValue([name, value]: [string, unknown]): [string, string] {
  if (typeof value === "string") return [name, value];
  throw new DomainError("invalid_request", `Field ${name} came more than once.`, {
    errors: [{ path: name, message: "must come once" }],
  });
}

function assertMultipart(request: IncomingMessage): void {
  const { "content-type": type, "content-encoding": encoding = "identity" } = request.headers;
  if (encoding !== "identity") {
    throw new DomainError(
      "invalid_request",
      "A form is taken without Content-Encoding; the file may be compressed.",
    );
  }
  if (/^multipart\/form-data\s*;/i.test(type ?? "")) return;
  throw new DomainError(
    "file_missing",
    `Expected multipart/form-data with a part \`${FILE_PART}\`; got ` +
      `${type === undefined ? "no Content-Type" : `"${type.slice(0, 80)}"`}.`,
  );
}

/**
 * A body that is longer than the file may be, with room for the other fields, is refused before any of it is
 * read.
 */
function assertLength(request: IncomingMessage, maxBytes: number): void {
  const room = FIELD_LIMITS.parts * (FIELD_LIMITS.fieldSize + 4096);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes + room) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError(
    "file_too_large",
    `The file is larger than the ${maxBytes} bytes that are accepted.`,
  );
}

/**
 * The file of one upload on its way into the store; multer's storage engine. Ends with `settled`, whatever
 * happened.
 */
class FilePart implements multer.StorageEngine {
  readonly #store: BlobStore;
  readonly #options: ReceiveOptions;
  readonly #stop = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #reject: (error: unknown) => void = () => {};
  /** The first thing that went wrong. */
  trouble: unknown;
  stored: (UploadedName & BlobInfo) | undefined;
  /** Throws with the first thing that goes wrong; never resolves. */
  readonly failed: Promise<never>;

  constructor(store: BlobStore, options: ReceiveOptions) {
    this.#store = store;
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {}); // the race may be over when it rejects
  }

  fail(error: unknown): void {
    if (this.trouble !== undefined) return;
    this.trouble = error;
    this.#stop.abort(error);
    this.#reject(error);
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#writing]);
  }

  readonly filter: NonNullable<multer.Options["fileFilter"]> = (_request, file, done) => {
    try {
      if (file.fieldname !== FILE_PART) {
        throw new DomainError("invalid_request", `A job takes one file, as part \`${FILE_PART}\`.`, {
          errors: [{ path: displayName(file.fieldname), message: "is not a file of this form" }],
        });
      }
      this.#options.accept(this.#nameOf(file));
      done(null, true);
    } catch (error) {
      this.fail(error);
      done(null, false);
    }
  };

  _handleFile(_request: unknown, file: Express.Multer.File, done: (error?: unknown) => void): void {
    this.#writing = this.#write(file.stream, this.#nameOf(file)).then(
      () => done(null),
      (error: unknown) => {
        this.fail(error);
        done(error);
      },
    );
  }

  /** What was stored is removed by whoever asked for the upload, who also knows the manifest. */
  _removeFile(_request: unknown, _file: unknown, done: (error: Error | null) => void): void {
    done(null);
  }

  async #write(stream: Readable, name: UploadedName): Promise<void> {
    const { key, maxBytes } = this.#options;
    const options = { maxBytes, signal: this.#stop.signal, isDurable: false };
    const info = await this.#store.put(key, chunks(stream), options);
    this.stored = { ...name, ...info };
  }

  #nameOf(file: Express.Multer.File): UploadedName {
    return { filename: displayName(file.originalname), mediaType: mediaTypeOf(file.mimetype) };
  }
}

/** The part's bytes. A part that breaks off is the request's fault, unlike what the store throws. */
async function* chunks(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw asRefusal(error);
  }
}
