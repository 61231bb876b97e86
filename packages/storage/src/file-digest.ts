import { Worker } from "node:worker_threads";

/** What the thread is told of a file. */
interface Progress {
  readonly id: number;
  readonly path: string;
  /** So many bytes are in the file. */
  readonly sizeBytes: number;
  readonly isWhole: boolean;
}

type Answer = { readonly id: number } & ({ readonly sha256: string } | { readonly trouble: string });

interface Waiting {
  resolve(sha256: string): void;
  reject(error: Error): void;
}

/**
 * The SHA-256 of a file that is being written, taken from the file by a thread while it grows: hashing takes as
 * long as all the rest of writing, and one event loop serves everybody. All files of this process share the
 * thread, which runs while there are any. Ends with `digest`, or with `close`.
 */
export class FileDigest {
  readonly #id: number;
  readonly #path: string;

  /** @param path of an existing file; it may get another name meanwhile. */
  constructor(path: string) {
    this.#id = ++newest;
    this.#path = path;
    open.set(this.#id, {});
  }

  /** To be called when so many bytes are in the file. */
  follow(sizeBytes: number): void {
    this.#tell(sizeBytes, false);
  }

  /** @returns hexadecimal, of the first `sizeBytes` bytes. */
  async digest(sizeBytes: number): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => open.set(this.#id, { resolve, reject }));
    this.#tell(sizeBytes, true);
    return answer.finally(() => this.close());
  }

  /** Gives it up. May be called twice. */
  close(): void {
    if (!open.delete(this.#id)) return;
    if (open.size > 0) thread?.postMessage({ id: this.#id });
    else {
      void thread?.terminate();
      thread = undefined;
    }
  }

  #tell(sizeBytes: number, isWhole: boolean): void {
    const progress: Progress = { id: this.#id, path: this.#path, sizeBytes, isWhole };
    thread ??= startThread();
    thread.postMessage(progress);
  }
}

let newest = 0;
let thread: Worker | undefined;
/** The files that are followed; those whose end is waited for say whom to tell. */
const open = new Map<number, Partial<Waiting>>();

function startThread(): Worker {
  const started = new Worker(THREAD, { eval: true });
  started.on("message", (answer: Answer) => {
    const { resolve, reject } = open.get(answer.id) ?? {};
    if ("sha256" in answer) resolve?.(answer.sha256);
    else reject?.(new Error(answer.trouble));
  });
  started.on("error", (error) => {
    if (thread === started) thread = undefined;
    for (const { reject } of open.values()) reject?.(error);
  });
  return started;
}

/** As text, so that it is the same whether this module was compiled or is run from source. */
const THREAD = `
const { createHash } = require("node:crypto");
const { closeSync, openSync, readSync } = require("node:fs");
const { parentPort } = require("node:worker_threads");
const files = new Map();
const buffer = Buffer.allocUnsafe(1 << 20);
function close(id) {
  const file = files.get(id);
  files.delete(id);
  if (file !== undefined) closeSync(file.fd);
}
function read({ id, path, sizeBytes }) {
  const file = files.get(id) ?? { fd: openSync(path, "r"), hash: createHash("sha256"), at: 0 };
  files.set(id, file);
  while (file.at < sizeBytes) {
    const bytes = readSync(file.fd, buffer, 0, Math.min(buffer.length, sizeBytes - file.at), file.at);
    if (bytes === 0) throw new Error("The file is shorter than what was written to it.");
    file.hash.update(buffer.subarray(0, bytes));
    file.at += bytes;
  }
  return file;
}
parentPort.on("message", (progress) => {
  const { id, path, isWhole } = progress;
  if (path === undefined) return close(id);
  let answer;
  try {
    const { hash } = read(progress);
    if (isWhole) answer = { id, sha256: hash.digest("hex") };
  } catch (error) {
    if (isWhole) answer = { id, trouble: String(error.message) }; // else the end meets it again
  }
  if (answer === undefined) return;
  close(id);
  parentPort.postMessage(answer);
});
`;
