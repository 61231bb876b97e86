import type { Readable } from "node:stream";
import type { LogLevel } from "@drover/core";
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
  /** Existing and empty. */
  readonly folder: string;
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

const TYPES: readonly unknown[] = [
  "ready",
  "progress",
  "log",
  "returned",
  "threw",
  "checked",
  "late",
] satisfies FromChild["type"][];

/**
 * Returns the message that a child sent, `undefined` for anything else. Only child-main.ts sends: it hides
 * the channel from processors.
 */
export function parseFromChild(value: unknown): FromChild | undefined {
  const isKnown =
    typeof value === "object" && value !== null && "type" in value && TYPES.includes(value.type);
  return isKnown ? (value as FromChild) : undefined;
}

/**
 * Printed on each output of a child before and after each attempt. What comes between two attempts is
 * dropped.
 */
export const BEGIN_MARK = "\u0000begin of attempt";
export const END_MARK = "\u0000end of attempt";
/** Largest result as JSON, in bytes; anything larger must be an artifact. */
export const MAX_RESULT_BYTES = 64 * 1024;
/** Log lines that one attempt may leave. */
export const MAX_LOG_LINES = 500;
/** Characters of a log line. */
export const MAX_LOG_LENGTH = 2_000;

/**
 * Cuts one output of a child into lines of at most `MAX_LOG_LENGTH` characters. Reads on to the end: a full
 * pipe would block the child. The child prints a mark at the beginning and at the end of each attempt: so it
 * is known when all of an attempt was read, and what was printed between two attempts is dropped.
 */
export class ChildOutput {
  readonly #onLine: (line: string) => void;
  #rest = "";
  #isBetween = false;
  #onMark = () => {};

  constructor(stream: Readable | null, onLine: (line: string) => void) {
    this.#onLine = onLine;
    stream?.setEncoding("utf8");
    stream?.on("error", () => {}); // the pipe ended with its child
    stream?.on("data", (text: string) => this.#read(text));
    stream?.on("end", () => this.#emit(this.#rest));
  }

  /** Resolves when the next mark of an end was read. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#onMark = resolve;
    });
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > MAX_LOG_LENGTH) this.#rest = this.#rest.slice(0, MAX_LOG_LENGTH);
  }

  #emit(line: string): void {
    const mark = [BEGIN_MARK, END_MARK].find((text) => line.endsWith(text));
    const shown = mark === undefined ? line : line.slice(0, -mark.length);
    const isDropped = this.#isBetween || mark === BEGIN_MARK;
    if (!isDropped && shown.trim() !== "") this.#onLine(shown.slice(0, MAX_LOG_LENGTH));
    if (mark !== undefined) this.#isBetween = mark === END_MARK;
    if (mark === END_MARK) this.#onMark();
  }
}
