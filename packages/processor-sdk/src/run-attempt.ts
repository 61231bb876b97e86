import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Writable } from "node:stream";
import { sha256OfFiles } from "./digest.js";
import type { ArtifactOptions, Context, Processor, ProcessorInput } from "./processor-types.js";

/** An output file that an attempt left in its folder. */
export interface WrittenArtifact {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly isPrimary: boolean;
  readonly sizeBytes: number;
  /**
   * Time of the last change of the file or its names (ctime) before it was hashed, in ms since the epoch: a
   * later one means other bytes.
   */
  readonly changedAtMs: number;
  /** Hexadecimal. */
  readonly sha256: string;
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
   * Existing, private to the attempt; `artifacts/` and `scratch/` are made in it when they are first used.
   */
  readonly folder: string;
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
  const outputs = new Outputs(join(host.folder, "artifacts"));
  const result = await processor.run(contextOf(host, outputs));
  return { result: result ?? null, artifacts: await outputs.seal() };
}

function contextOf(host: AttemptHost, outputs: Outputs): Context<unknown> {
  const scratch = join(host.folder, "scratch");
  let highest = 0;
  return {
    input: { ...host.input, stream: () => createReadStream(host.input.path, { highWaterMark: 1 << 20 }) },
    params: host.params,
    attempt: host.attempt,
    signal: host.signal,
    get scratch() {
      makeFolder(scratch);
      return scratch;
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
  readonly options: ArtifactOptions;
  readonly stream?: Writable;
}

/** The output files of one attempt: named once each, hashed when the attempt is over. */
class Outputs {
  readonly folder: string;
  readonly #outputs = new Map<string, Output>();

  constructor(folder: string) {
    this.folder = folder;
  }

  stream(name: string, options: ArtifactOptions = {}): Writable {
    this.#claim(name, { options });
    const stream = createWriteStream(join(this.folder, name), { highWaterMark: 1 << 20, flags: "wx" });
    this.#outputs.set(name, { options, stream });
    return stream;
  }

  path(name: string, options: ArtifactOptions = {}): string {
    this.#claim(name, { options });
    return join(this.folder, name);
  }

  async seal(): Promise<readonly WrittenArtifact[]> {
    const primaries = [...this.#outputs].filter(([, { options }]) => options.isPrimary === true);
    if (primaries.length > 1) {
      throw new TypeError(
        `Only one artifact can be primary; got ${primaries.map(([name]) => name).join(", ")}.`,
      );
    }
    const written = await Promise.all(
      [...this.#outputs].map(([name, output]) => this.#measure(name, output)),
    );
    const digests = await sha256OfFiles(written);
    return written.map((artifact, i) => ({ ...artifact, sha256: digests[i] ?? "" }));
  }

  async #measure(name: string, { options, stream }: Output): Promise<Omit<WrittenArtifact, "sha256">> {
    if (stream !== undefined && !stream.writableFinished) {
      throw new TypeError(`The stream of artifact ${name} was not ended and flushed before run() returned.`);
    }
    const path = join(this.folder, name);
    const { size, ctimeMs } = await stat(path);
    return {
      name,
      path,
      mediaType: options.mediaType ?? mediaTypeOf(name),
      isPrimary: options.isPrimary ?? this.#outputs.size === 1,
      sizeBytes: size,
      changedAtMs: ctimeMs,
    };
  }

  #claim(name: string, output: Output): void {
    this.#assertFree(name);
    if (this.#outputs.size === 0) makeFolder(this.folder);
    this.#outputs.set(name, output);
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
  ".json": "application/json",
  ".txt": "text/plain",
  ".xes": "application/xml",
  ".xml": "application/xml",
  ".zip": "application/zip",
};

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";
}

/**
 * Makes the folder unless it is there. The attempt's own folder is not made again: the attempt may be over.
 */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) throw error;
  }
}
