import type { BlobStore, JobRequest, JobStatus } from "@drover/core";
import { manifestKey } from "./blob-keys.js";

/**
 * What lies beside an input: enough to queue its job again when Redis lost it. Written before the job is queued, rewritten when
 * the job failed or was cancelled (so that it is not restored), removed with the input when it completed.
 */
export interface Manifest {
  readonly version: 1;
  readonly request: JobRequest;
  /** Set when the job ended without a result and its input is kept for a retry. */
  readonly settled: {
    readonly status: Extract<JobStatus, "failed" | "cancelled">;
    readonly at: number;
  } | null;
}

/** The manifest as the bytes of its blob: JSON in UTF-8. */
export function encodeManifest(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/** The manifest that `text` holds, or `undefined` when it is none of a version that is known. */
export function decodeManifest(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined; // not JSON: a torn or foreign file, which the sweeper treats as no manifest
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null || !("version" in value) || !("request" in value))
    return false;
  const { request } = value;
  return (
    value.version === 1 &&
    typeof request === "object" &&
    request !== null &&
    "id" in request &&
    "input" in request &&
    "processor" in request
  );
}

/** Larger than any manifest: a job request is under 4 KiB. */
const MAX_MANIFEST_BYTES = 64 * 1024;

/** The manifest beside an input; `undefined` when there is none that can be read. */
export async function readManifest(
  inputKey: string,
  store: Pick<BlobStore, "open">,
): Promise<Manifest | undefined> {
  const content = await store.open(manifestKey(inputKey), { start: 0, end: MAX_MANIFEST_BYTES });
  if (content === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return decodeManifest(Buffer.concat(chunks).toString("utf8"));
}

/** Stores the manifest beside its input, in the place of an earlier one. */
export async function writeManifest(manifest: Manifest, store: Pick<BlobStore, "put">): Promise<void> {
  await store.put(manifestKey(manifest.request.input.key), bytesOf(encodeManifest(manifest)));
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
