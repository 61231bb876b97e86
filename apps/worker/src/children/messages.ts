import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { LogLevel, TraceContext } from "@drover/core";
import type { WrittenArtifact } from "@drover/processor-sdk";

/** What the child needs to run one attempt. */
export interface RunMessage {
  readonly type: "run";
  readonly input: {
    readonly filename: string;
    readonly mediaType: string;
    readonly sizeBytes: number;
    readonly sha256: string;
    readonly path: string;
  };
  /** As the client sent them; the child parses them. */
  readonly params: unknown;
  readonly attempt: number;
  /** Of the attempt; existing and empty for a child process. */
  readonly folder: string;
  /** What the attempt is part of: its span, or what the submit brought along. Absent: no trace. */
  readonly trace?: TraceContext;
}

/** Worker to child. */
export type ToChild = RunMessage | { readonly type: "stop" };

/** What a processor threw. */
export interface Thrown {
  readonly kind: "input_invalid" | "try_later" | "error";
  readonly message: string;
  /** For the log only. */
  readonly stack: string;
  /** Of `try_later`, in ms. */
  readonly afterMs?: number;
}

/**
 * Child to worker. `wasStopped`: the attempt was told to stop before it settled, so that its result may be
 * partial.
 */
export type FromChild =
  | { readonly type: "ready" }
  | {
      readonly type: "progress";
      readonly percent: number;
      readonly stage: string | null;
      readonly message: string | null;
    }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly message: string;
    }
  | {
      readonly type: "returned";
      /** Plain JSON. */
      readonly result: unknown;
      readonly artifacts: readonly WrittenArtifact[];
      readonly wasStopped: boolean;
      /** The process is as it was before; else `checked` follows. */
      readonly isClean?: boolean;
    }
  | { readonly type: "threw"; readonly thrown: Thrown }
  /** After `returned`: why the process may not run another attempt, or `null` when it is as it was before. */
  | { readonly type: "checked"; readonly leftover: string | null }
  /** An attempt that is over (1 for the first of this process) did something, which was not done. */
  | { readonly type: "late"; readonly attempt: number; readonly what: string };

/** Largest result as JSON, in bytes; anything larger must be an artifact. */
export const MAX_RESULT_BYTES = 64 * 1024;
/** Log lines that one attempt may leave. */
export const MAX_LOG_LINES = 500;
/** Characters that are kept of the message and of the stack of an error: either may be of any length. */
export const MAX_STACK_LENGTH = 10_000;
/** Characters of a log line. */
export const MAX_LOG_LENGTH = 2_000;

/**
 * Cuts one output of a child into lines of at most `MAX_LOG_LENGTH` characters. Reads on to the end: a full
 * pipe would block the child.
 */
export class ChildOutput {
  readonly #onLine: (line: string) => void;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(stream: Readable | null, onLine: (line: string) => void) {
    this.#onLine = onLine;
    stream?.on("error", () => {}); // the pipe ended with its child
    stream?.on("data", (bytes: Buffer) => this.#read(this.#decoder.write(bytes)));
    stream?.on("end", () => this.endLine());
  }

  /** Takes what was read of an unfinished line for a whole one; nothing of it is left for the next. */
  endLine(): void {
    this.#emit(this.#rest + this.#decoder.end());
    this.#rest = "";
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > MAX_LOG_LENGTH) this.#rest = this.#rest.slice(0, MAX_LOG_LENGTH);
  }

  #emit(line: string): void {
    if (line.trim() !== "") this.#onLine(line.slice(0, MAX_LOG_LENGTH));
  }
}
