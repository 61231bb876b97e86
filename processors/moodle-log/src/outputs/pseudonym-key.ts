import { type ArtifactFile, csvText } from "../kernel/index.js";
import type { KeyRow } from "../people/shown-people.js";

const BATCH = 1000;

/** Writes who is behind each pseudonym. */
export async function writePseudonymKey(
  artifact: ArtifactFile,
  key: readonly KeyRow[],
  options: { readonly neutralizes: boolean; readonly signal: AbortSignal },
): Promise<void> {
  await artifact.appendText("pseudonym,user_id,full_name\r\n");
  for (let from = 0; from < key.length; from += BATCH) {
    options.signal.throwIfAborted();
    const lines = key.slice(from, from + BATCH).map(({ pseudonym, userId, names }) => {
      return `${pseudonym},${userId},${csvText(names.join("; "), options.neutralizes)}\r\n`;
    });
    await artifact.appendText(lines.join(""));
  }
}
