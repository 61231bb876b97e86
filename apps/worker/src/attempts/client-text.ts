import type { Progress } from "@drover/core";

/** An absolute path of at least two segments, or a file URL, where a word could begin. */
const ABSOLUTE_PATH = /(?:file:\/\/|(?<![\w:/.]))\/(?:[^\s"'`()<>:,;/]+\/)+([^\s"'`()<>:,;/]*)/g;
const STACK_LINE = /^\s*at .*$/gm;

/** Returns a processor's text for clients: without stack lines, absolute paths cut to their last part. */
export function clientText(text: string): string {
  return cutPaths(text.replace(STACK_LINE, "")).trim();
}

/** Returns the text with absolute paths cut to their last part. */
export function cutPaths(text: string): string {
  return text.replace(ABSOLUTE_PATH, "$1");
}

/** Returns a text that was written for clients, without the paths of `folders`; anything else stays. */
export function hideFolders(text: string, folders: readonly string[]): string {
  return folders.reduce((shown, folder) => shown.replaceAll(`${folder}/`, ""), text);
}

/** Characters that are kept of a stage, and of a message of progress. */
const MAX_STAGE_LENGTH = 100;
const MAX_PROGRESS_MESSAGE_LENGTH = 500;
/** Characters past the cut that are read too, so that a path across it is recognized. */
const MARGIN = 500;

/**
 * Returns progress for clients: its texts are bounded single lines without control characters and absolute
 * paths; what is no string becomes `null`.
 */
export function clientProgress(progress: Progress): Progress {
  return {
    percent: progress.percent,
    stage: lineOf(progress.stage, MAX_STAGE_LENGTH),
    message: lineOf(progress.message, MAX_PROGRESS_MESSAGE_LENGTH),
  };
}

function lineOf(text: unknown, maxLength: number): string | null {
  if (typeof text !== "string") return null;
  const line = text.slice(0, maxLength + MARGIN).replaceAll(/\p{Cc}+/gu, " ");
  return cutPaths(line).trim().slice(0, maxLength);
}
