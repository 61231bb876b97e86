import type { Readable } from "node:stream";
import { MAX_LOG_LENGTH } from "./messages.js";

/**
 * Calls `onLine` with each line of a child's output, cut at `MAX_LOG_LENGTH` characters. Reads to the end whatever comes: a full pipe
 * would block the child.
 */
export function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream === null) return;
  let rest = "";
  const emit = (line: string) => {
    if (line.trim() !== "") onLine(line.slice(0, MAX_LOG_LENGTH));
  };
  stream.setEncoding("utf8");
  stream.on("error", () => {}); // the pipe ended with its child
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LOG_LENGTH);
    lines.forEach(emit);
  });
  stream.on("end", () => emit(rest));
}
