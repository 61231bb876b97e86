import type { Artifact } from "@drover/client";
import { drover } from "../api/drover.js";
import type { PreviewKind } from "./preview-kind.js";

/** The beginning of a file. */
export interface FileStart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether there is more. */
  readonly isCut: boolean;
}

const MB = 1 << 20;

/** So much is fetched; what is of no use in part (pictures, pages, JSON) may be larger, or is not shown. */
const MOST_BYTES: Readonly<Record<PreviewKind, number>> = {
  table: 96 * 1024,
  text: 96 * 1024,
  json: 256 * 1024,
  html: 4 * MB,
  image: 16 * MB,
  none: 0,
};

/** Fetches as much of an artifact as its preview shows, by a range request where that is not all of it. */
export async function readStart(
  jobId: string,
  artifact: Artifact,
  kind: PreviewKind,
  signal: AbortSignal,
): Promise<FileStart> {
  const most = MOST_BYTES[kind];
  const isCut = artifact.size_bytes > most;
  const range = isCut ? { range: { start: 0, end: most - 1 } } : {};
  const { body } = await drover.download(jobId, { artifact: artifact.name, ...range, signal });
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  return { bytes, isCut };
}

/** As text; a character that was cut in the middle is left out. */
export function textOf({ bytes, isCut }: FileStart): string {
  return new TextDecoder().decode(bytes, { stream: isCut });
}
