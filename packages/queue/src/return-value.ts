import type { Artifact } from "@drover/core";
import { check, checkArtifacts, jsonOf, type Members, membersOf } from "./record-checks.js";

/** What a completed job returned. */
export interface ReturnValue {
  readonly result: unknown;
  readonly artifacts: readonly Artifact[];
}

/** What is kept of an artifact below `folder`: digests in base64url, and nothing that is usual. */
interface ShortArtifact extends Omit<Artifact, "key" | "isPrimary" | "gzip"> {
  readonly isPrimary?: true;
  readonly gzip?: readonly [sizeBytes: number, sha256: string];
}

/**
 * The value as BullMQ keeps it, before JSON. It stays in Redis as long as the job does, so the artifacts are
 * written shortly where they lie in one folder under their names, as those of an attempt do.
 */
export function encodeReturnValue({ result, artifacts }: ReturnValue): object {
  const folder = folderOf(artifacts);
  if (folder === undefined) return { result, artifacts };
  return { result, folder, artifacts: artifacts.map(shortOf) };
}

/**
 * The value that the JSON of `encodeReturnValue` holds.
 * @throws {DamagedError} for anything else.
 */
export function decodeReturnValue(json: string | null | undefined): ReturnValue {
  const value = membersOf(jsonOf(json ?? "null", "return value"), "return value");
  const { result = null, folder, artifacts: kept } = value;
  check(Array.isArray(kept), "list of artifacts is missing");
  const entries = kept as readonly unknown[];
  const artifacts = typeof folder === "string" ? entries.map((entry) => longOf(entry, folder)) : entries;
  checkArtifacts(artifacts);
  return { result, artifacts: artifacts as readonly Artifact[] };
}

/** `undefined` unless every artifact can be written shortly. */
function folderOf(artifacts: readonly Artifact[]): string | undefined {
  const [first] = artifacts;
  if (first === undefined) return undefined;
  const folder = first.key.slice(0, -first.name.length - 1);
  const isShort = ({ key, name, sha256, gzip }: Artifact) =>
    key === `${folder}/${name}` && isDigest(sha256) && (gzip === undefined || isDigest(gzip.sha256));
  return artifacts.every(isShort) ? folder : undefined;
}

function isDigest(sha256: string): boolean {
  return /^[0-9a-f]{64}$/.test(sha256);
}

function shortOf({ key: _, isPrimary, sha256, gzip, ...artifact }: Artifact): ShortArtifact {
  return {
    ...artifact,
    sha256: recoded(sha256, "hex", "base64url"),
    ...(isPrimary ? { isPrimary } : {}),
    ...(gzip === undefined ? {} : { gzip: [gzip.sizeBytes, recoded(gzip.sha256, "hex", "base64url")] }),
  };
}

function longOf(entry: unknown, folder: string): Members {
  const { name, sha256, isPrimary = false, gzip, ...artifact } = membersOf(entry, "artifact");
  const [sizeBytes, packed] = Array.isArray(gzip) ? gzip : [];
  return {
    ...artifact,
    ...{ name, key: `${folder}/${String(name)}`, sha256: hexOf(sha256), isPrimary },
    ...(gzip === undefined ? {} : { gzip: { sizeBytes, sha256: hexOf(packed) } }),
  };
}

function hexOf(digest: unknown): unknown {
  return typeof digest === "string" ? recoded(digest, "base64url", "hex") : digest;
}

function recoded(text: string, from: BufferEncoding, to: BufferEncoding): string {
  return Buffer.from(text, from).toString(to);
}
