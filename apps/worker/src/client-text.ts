/** An absolute path of at least two segments, or a file URL, where a word could begin. */
const ABSOLUTE_PATH = /(?:file:\/\/|(?<![\w:/.]))\/(?:[^\s"'`()<>:,;/]+\/)+([^\s"'`()<>:,;/]*)/g;
const STACK_LINE = /^\s*at .*$/gm;

/**
 * A text of a processor as clients may read it: without lines of a stack, with absolute paths cut down to their last part.
 */
export function clientText(text: string): string {
  return cutPaths(text.replace(STACK_LINE, "")).trim();
}

/** The text with absolute paths cut down to their last part. */
export function cutPaths(text: string): string {
  return text.replace(ABSOLUTE_PATH, "$1");
}

/** The same for a message that its author wrote for the client: only the folders named are hidden, anything else stays as it is. */
export function hideFolders(text: string, folders: readonly string[]): string {
  return folders.reduce((shown, folder) => shown.replaceAll(`${folder}/`, ""), text);
}
