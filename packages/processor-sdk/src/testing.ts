import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Processor } from "./processor-types.js";
import { runAttempt, type WrittenArtifact } from "./run-attempt.js";

export interface RunOptions {
  /** The input: its bytes, its text, or the path of a file, which is read where it lies. */
  readonly input: Uint8Array | string | { readonly path: string };
  /** Default: the path's last part, else `input`. */
  readonly filename?: string;
  readonly mediaType?: string;
  /** As a client would send them. Default `{}`. */
  readonly params?: unknown;
  readonly signal?: AbortSignal;
  readonly attempt?: number;
  /** What the context says of a trace. Default: nothing. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string };
  /**
   * Where the attempt's folder is made; it is kept. Default: the system's temporary folder, removed
   * afterwards.
   */
  readonly folder?: string;
}

/** What one attempt did. */
export interface RunReport {
  readonly result: unknown;
  /** Contents by artifact name; empty with `folder`, where the files can be read from `artifacts/`. */
  readonly artifacts: ReadonlyMap<string, Buffer>;
  readonly primary: string | undefined;
  readonly progress: readonly {
    percent: number;
    stage: string | undefined;
    message: string | undefined;
    atMs: number;
  }[];
  readonly logs: readonly { level: string; message: string }[];
}

/**
 * Runs one attempt of a processor in this process, without a queue, a worker or Redis. For a processor's
 * tests.
 * @throws what the processor throws, and `TypeError` for params that its schema refuses.
 */
export async function runProcessor(processor: Processor, options: RunOptions): Promise<RunReport> {
  const params = processor.parseParams(options.params ?? {});
  if (!params.ok) throw new TypeError(params.message);
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "drover-run-"));
  const inputFolder = await mkdtemp(join(tmpdir(), "drover-input-"));
  const progress: RunReport["progress"][number][] = [];
  const logs: RunReport["logs"][number][] = [];
  try {
    const input = await inputOf(options, inputFolder);
    const { result, artifacts } = await runAttempt(processor, {
      input,
      params: params.params,
      attempt: options.attempt ?? 1,
      ...(options.trace === undefined ? {} : { trace: options.trace }),
      signal: options.signal ?? new AbortController().signal,
      folder,
      onProgress: (percent, stage, message) =>
        progress.push({ percent, stage, message, atMs: performance.now() }),
      onLog: (level, message) => logs.push({ level, message }),
    });
    await unpack(artifacts);
    const contents =
      options.folder === undefined
        ? await Promise.all(artifacts.map(async (a) => [a.name, await readFile(a.path)] as const))
        : [];
    return {
      result,
      artifacts: new Map(contents),
      primary: artifacts.find((a) => a.isPrimary)?.name,
      progress,
      logs,
    };
  } finally {
    await rm(inputFolder, { recursive: true });
    if (options.folder === undefined) await rm(folder, { recursive: true });
  }
}

/** Files that are kept as gzip become what the processor wrote. */
async function unpack(artifacts: readonly WrittenArtifact[]): Promise<void> {
  for (const { path, gzip } of artifacts) {
    if (gzip === undefined) continue;
    const plain = `${path}.plain~`; // no artifact's name ends so
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(plain));
    await rename(plain, path);
  }
}

async function inputOf(options: RunOptions, folder: string) {
  const { input } = options;
  const isPath = typeof input === "object" && "path" in input;
  const path = isPath ? input.path : join(folder, "input");
  if (!isPath) await writeFile(path, input);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return {
    filename: options.filename ?? (isPath ? basename(path) : "input"),
    mediaType: options.mediaType ?? "application/octet-stream",
    sizeBytes: (await stat(path)).size,
    sha256: hash.digest("hex"),
    path,
  };
}
