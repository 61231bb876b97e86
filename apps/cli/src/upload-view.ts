import type { UploadProgress } from "@drover/client";
import { formatBytes } from "./show.js";
import { LiveBlock } from "./terminal/live-block.js";
import type { Paint, Piece } from "./terminal/paint.js";

/** Shows how much of a file was sent. */
export interface UploadView {
  readonly update: (progress: UploadProgress) => void;
  /** Takes the line away. */
  readonly end: () => void;
}

const BAR_WIDTH = 24;

/** A live line on a terminal; nothing elsewhere, where nobody watches an upload. */
export function createUploadView(out: NodeJS.WriteStream, paint: Paint): UploadView {
  if (!out.isTTY) return { update: () => {}, end: () => {} };
  const block = new LiveBlock(out, paint);
  const startedAt = performance.now();
  return {
    update: (progress) => block.draw(() => [lineOf(progress, performance.now() - startedAt)]),
    end: () => block.clear(),
  };
}

function lineOf({ sentBytes, totalBytes = sentBytes }: UploadProgress, elapsedMs: number): readonly Piece[] {
  const share = totalBytes === 0 ? 1 : sentBytes / totalBytes;
  const filled = Math.round(BAR_WIDTH * share);
  const speed = sentBytes / Math.max(1, elapsedMs / 1000);
  return [
    ["busy", "█".repeat(filled)],
    ["faint", "░".repeat(BAR_WIDTH - filled)],
    ` ${(100 * share).toFixed(1).padStart(5)} %  sent ${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`,
    `, ${formatBytes(Math.round(speed))}/s`,
  ];
}
