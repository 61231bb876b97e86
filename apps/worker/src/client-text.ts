/** Longest message of a failure, in characters. */
const MAX_LENGTH = 1_000;

/** An absolute path of at least two segments, or a file URL, where a word could begin. */
const ABSOLUTE_PATH = /(?:file:\/\/|(?<![\w:/.]))\/(?:[^\s"'`()<>:,;/]+\/)+([^\s"'`()<>:,;/]*)/g;
const STACK_LINE = /^\s*at .*$/gm;

/**
 * A text of a processor as clients may read it: without lines of a stack, with absolute paths cut down to their last part, and
 * at most 1,000 characters long.
 */
export function clientText(text: string): string {
  return text.replace(STACK_LINE, "").replace(ABSOLUTE_PATH, "$1").trim().slice(0, MAX_LENGTH);
}

/** The same for a message that its author wrote for the client: only the folders named are hidden, anything else stays as it is. */
export function hideFolders(text: string, folders: readonly string[]): string {
  return folders
    .reduce((shown, folder) => shown.replaceAll(`${folder}/`, ""), text)
    .trim()
    .slice(0, MAX_LENGTH);
}
