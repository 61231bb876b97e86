import { createReadStream, mkdirSync } from "node:fs";
import { extname, join } from "node:path";
import type { Writable } from "node:stream";
import { ArtifactStream } from "./artifact-stream.js";
import type { KeptBytes } from "./kept-bytes.js";
import type { ArtifactOptions, Context, Processor, ProcessorInput } from "./processor-types.js";
import { keepFile } from "./written-file.js";

/** An output file that an attempt left in its folder. */
export interface WrittenArtifact extends KeptBytes {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly isPrimary: boolean;
}

/** Artifacts of one attempt: their list travels with the job. */
export const MAX_ARTIFACTS = 200;

/** What whoever runs an attempt provides: the worker's child process, or a test. */
export interface AttemptHost {
  readonly input: Omit<ProcessorInput, "stream">;
  /** As `Processor.parseParams` gave them. */
  readonly params: unknown;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /**
   * Private to the attempt; `artifacts/` and `scratch/` are made in it when they are first used.
   */
  readonly folder: string;
  /** Makes `folder`; called before each use of it. Absent where it exists. */
  makeFolder?(): void;
  /** Absent: the attempt is in no trace. */
  readonly trace?: Pick<Context<unknown>, "traceparent" | "tracestate">;
  onProgress(percent: number, stage: string | undefined, message: string | undefined): void;
  onLog(level: "debug" | "info" | "warn" | "error", message: string): void;
}

/**
 * Runs one attempt of a processor in this process and returns its result and its output files, counted and
 * hashed.
 * @throws whatever the processor throws, and `TypeError` for an artifact that cannot be published: a bad or
 *   repeated name, two primaries, a stream that was not ended; and the name of artifact 201 throws when it is
 *   asked for, before anything more is written.
 */
export async function runAttempt(
  processor: Processor,
  host: AttemptHost,
): Promise<{ readonly result: unknown; readonly artifacts: readonly WrittenArtifact[] }> {
  const outputs = new Outputs(host);
  const result = await processor.run(contextOf(host, outputs));
  return { result: result ?? null, artifacts: await outputs.seal(host.signal) };
}

function contextOf(host: AttemptHost, outputs: Outputs): Context<unknown> {
  let highest = 0;
  return {
    input: { ...host.input, stream: () => createReadStream(host.input.path, { highWaterMark: 1 << 18 }) },
    params: host.params,
    attempt: host.attempt,
    signal: host.signal,
    ...host.trace,
    get scratch() {
      return makeFolder(host, "scratch");
    },
    log: {
      debug: (message) => host.onLog("debug", message),
      info: (message) => host.onLog("info", message),
      warn: (message) => host.onLog("warn", message),
      error: (message) => host.onLog("error", message),
    },
    progress(percent, options = {}) {
      if (Number.isFinite(percent)) highest = Math.max(highest, Math.min(100, percent));
      host.onProgress(highest, options.stage, options.message);
    },
    artifact: (name, options) => outputs.stream(name, options),
    artifactPath: (name, options) => outputs.path(name, options),
  };
}

interface Output {
  readonly mediaType: string;
  readonly isPrimary: boolean | undefined;
  readonly stream?: ArtifactStream;
}

const ARTIFACTS = "artifacts";

type FolderHost = Pick<AttemptHost, "folder" | "makeFolder">;

/** The output files of one attempt: named once each, counted and hashed when the attempt is over. */
class Outputs {
  readonly folder: string;
  readonly #host: FolderHost;
  readonly #outputs = new Map<string, Output>();

  constructor(host: FolderHost) {
    this.folder = join(host.folder, ARTIFACTS);
    this.#host = host;
  }

  stream(name: string, options: ArtifactOptions = {}): Writable {
    const output = this.#claim(name, options);
    const stream = new ArtifactStream(join(this.folder, name), output.mediaType);
    this.#outputs.set(name, { ...output, stream });
    return stream;
  }

  path(name: string, options: ArtifactOptions = {}): string {
    this.#claim(name, options);
    return join(this.folder, name);
  }

  async seal(signal: AbortSignal): Promise<readonly WrittenArtifact[]> {
    const primaries = [...this.#outputs].filter(([, { isPrimary }]) => isPrimary === true);
    if (primaries.length > 1) {
      throw new TypeError(
        `Only one artifact can be primary; got ${primaries.map(([name]) => name).join(", ")}.`,
      );
    }
    const written: WrittenArtifact[] = [];
    for (const [name, { mediaType, isPrimary = this.#outputs.size === 1, stream }] of this.#outputs) {
      const path = join(this.folder, name);
      const kept = stream === undefined ? await keepFile(path, mediaType, signal) : stream.kept;
      written.push({ name, path, mediaType, isPrimary, ...kept });
    }
    return written;
  }

  #claim(name: string, options: ArtifactOptions): Output {
    this.#assertFree(name);
    if (this.#outputs.size === 0) makeFolder(this.#host, ARTIFACTS);
    const { mediaType = mediaTypeOf(name), isPrimary } = options;
    const output = { mediaType, isPrimary };
    this.#outputs.set(name, output);
    return output;
  }

  #assertFree(name: string): void {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
      throw new TypeError(
        'An artifact\'s name is 1 to 128 letters, digits, ".", "_" or "-", the first a letter or digit; ' +
          `got "${name}".`,
      );
    }
    if (this.#outputs.size >= MAX_ARTIFACTS)
      throw new TypeError(
        `An attempt keeps at most ${MAX_ARTIFACTS} artifacts. Pack what belongs together into one.`,
      );
    if (this.#outputs.has(name)) throw new TypeError(`Artifact ${name} was made before in this attempt.`);
  }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".parquet": "application/vnd.apache.parquet",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".txt": "text/plain",
  ".xes": "application/xml",
  ".xml": "application/xml",
  ".zip": "application/zip",
};

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";
}

/**
 * Makes the folder in the attempt's own unless it is there, and returns its path. The attempt's own is its
 * host's to make: the attempt may be over.
 */
function makeFolder(host: FolderHost, name: string): string {
  host.makeFolder?.();
  const path = join(host.folder, name);
  try {
    mkdirSync(path);
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) throw error;
  }
  return path;
}
