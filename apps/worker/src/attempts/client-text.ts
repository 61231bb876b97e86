import type { Progress } from "@drover/core";

/** An absolute path of at least two segments, or a file URL, where a word could begin. */
const ABSOLUTE_PATH = /(?:file:\/\/|(?<![\w:/.]))\/(?:[^\s"'`()<>:,;/]+\/)+([^\s"'`()<>:,;/]*)/g;
const STACK_LINE = /^\s*at .*$/gm;

/**
 * A text of a processor as clients may read it: without lines of a stack, with absolute paths cut down to
 * their last part.
 */
export function clientText(text: string): string {
  return cutPaths(text.replace(STACK_LINE, "")).trim();
}

/** The text with absolute paths cut down to their last part. */
export function cutPaths(text: string): string {
  return text.replace(ABSOLUTE_PATH, "$1");
}

/**
 * The same for a message that its author wrote for the client: only the folders named are hidden, anything
 * else stays as it is.
 */
export function hideFolders(text: string, folders: readonly string[]): string {
  return folders.reduce((shown, folder) => shown.replaceAll(`${folder}/`, ""), text);
}

/** Characters of a stage, and of a message of progress, that are kept. */
const MAX_STAGE_LENGTH = 100;
const MAX_PROGRESS_MESSAGE_LENGTH = 500;
/** A path that the cut goes through is still known as one: what is cut off is looked at this far. */
const MARGIN = 500;

/**
 * Progress as clients may read it: one line, without control characters and absolute paths, bounded. Texts
 * that are no strings are none.
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
