import type { Writable } from "node:stream";
import type { z } from "zod";

/** What a processor takes. Empty lists mean anything. */
export interface Accepts {
  /** Endings of file names, in any case, as `.csv`; the dot may be left out. */
  readonly extensions?: readonly string[];
  /** Media types, as `text/csv` or `image/*`, that are accepted whatever the file is called. */
  readonly mediaTypes?: readonly string[];
}

/** Bounds of one attempt. */
export interface Limits {
  /** Largest input. Default 2 GiB; the api's own limit applies too. */
  readonly maxInputBytes?: number;
  /** Longest run of one attempt, in ms; the clock starts when `run` is called. Default 30 min. */
  readonly timeoutMs?: number;
  /** Resident memory of the process that runs the attempt. Default 2 GiB. */
  readonly maxRssBytes?: number;
  /** How often an attempt may fail before the job does; 1 to 20. Default 3. */
  readonly maxAttempts?: number;
}

export type Isolation = "fresh" | "reuse";

/** What a processor author writes. */
export interface ProcessorDefinition<Params> {
  /** kebab-case, at most 64 characters; part of the URL and the name of the queue. */
  readonly name: string;
  /** Semantic version of the processor's behaviour. */
  readonly version: string;
  /** One sentence for the catalogue. */
  readonly description: string;
  readonly accepts?: Accepts;
  readonly limits?: Limits;
  /**
   * Shape and defaults of the params; published as JSON Schema, so that a bad value is refused at upload. A
   * check that JSON Schema cannot say (`refine`) needs a `.meta()`: see docs/writing-a-processor.md.
   */
  readonly params: z.ZodType<Params>;
  /** Trusted and light: run inside the worker process, without isolation. Default false. */
  readonly inProcess?: boolean;
  /**
   * Whether the process of one attempt may run another. `reuse`: as long as each attempt leaves it as it was
   * before. `fresh`: never; the next one is started ahead, so that an attempt seldom waits for it. Default
   * `reuse`. Of no effect with `inProcess`.
   */
  readonly isolation?: Isolation;
  /**
   * Names of variables that its process gets as the worker has them, beside PATH, HOME, LANG, TZ, `NODE_*` and
   * `OTEL_*` without keys. Those of Drover and Redis are never there. Default none. Of no effect with
   * `inProcess`.
   */
  readonly passEnv?: readonly string[];
  /**
   * Does the work of one attempt. What it returns is the job's result: JSON, at most 64 KiB. Throw
   * `InputInvalidError` when the input can never work, `TryLaterError` when something outside is not ready;
   * anything else is a failed attempt that is tried again. Nothing that a failed attempt wrote is published.
   */
  run(context: Context<Params>): Promise<unknown>;
}

/** A processor, checked and with its defaults filled in. */
export interface Processor {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly accepts: Required<Accepts>;
  readonly limits: Required<Limits>;
  readonly inProcess: boolean;
  readonly isolation: Isolation;
  /** Absent in what an older SDK made: none. */
  readonly passEnv?: readonly string[];
  /** JSON Schema (2020-12) of the params as a client sends them. */
  readonly paramsSchema: Readonly<Record<string, unknown>>;
  /** The params with defaults filled in, or what is wrong with them. */
  parseParams(value: unknown): ParsedParams;
  /** Runs with params that `parseParams` gave. */
  run(context: Context<unknown>): Promise<unknown>;
}

export type ParsedParams =
  | { readonly ok: true; readonly params: unknown }
  | { readonly ok: false; readonly message: string };

/** All that a running attempt sees of the world. */
export interface Context<Params> {
  readonly input: ProcessorInput;
  readonly params: Params;
  /** 1-based. */
  readonly attempt: number;
  /**
   * Aborted when the job is cancelled, times out or its worker drains. Stop then; the process is killed 5 s
   * later.
   */
  readonly signal: AbortSignal;
  readonly log: ProcessorLog;
  /**
   * The header of W3C Trace Context to send on with requests, `00-<trace id>-<parent id>-<flags>`: the
   * attempt's span, or what the submit brought along where the worker traces nothing. Absent: the job is in no
   * trace.
   */
  readonly traceparent?: string;
  /** The header that goes with it, at most 512 characters; absent when there is none. */
  readonly tracestate?: string;
  /** A folder for this attempt alone, wiped when it ends. */
  readonly scratch: string;
  /**
   * Says how far the work is. `percent` is clamped to 0–100 and never falls; call it as often as is
   * convenient, updates are merged.
   */
  progress(percent: number, options?: { readonly stage?: string; readonly message?: string }): void;
  /** A stream to write an output file to; end it before `run` returns. */
  artifact(name: string, options?: ArtifactOptions): Writable;
  /**
   * A path to write an output file to, for libraries that write files themselves. The file must exist when
   * `run` returns.
   */
  artifactPath(name: string, options?: ArtifactOptions): string;
}

/** The uploaded file. */
export interface ProcessorInput {
  /** As the client named it; for display and for its ending, not a path. */
  readonly filename: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Where the bytes are on this machine; for reading only. */
  readonly path: string;
  stream(): AsyncIterable<Uint8Array>;
}

export interface ArtifactOptions {
  /**
   * Default by the name's ending, else `application/octet-stream`. Text (`text/*`, JSON, XML and the like) is
   * stored compressed, of which neither the processor nor its tests see anything.
   */
  readonly mediaType?: string;
  /** Whether the job's `/download` serves this one. Default: the only artifact; of several, a ZIP of all. */
  readonly isPrimary?: boolean;
}

/** Log lines reach the job's log page and the worker's log. At most 500 lines a job are kept. */
export interface ProcessorLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
