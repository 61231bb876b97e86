import { createHash } from "node:crypto";
import { once } from "node:events";
import { type Context, defineProcessor, type Processor } from "@drover/processor-sdk";
import { fileTypeFromFile } from "file-type";
import { z } from "zod";

const GIB = 1024 ** 3;

/** What the job's result holds. */
export interface ChecksumResult {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size_bytes: number;
  /** By the bytes themselves; where they do not tell, as the client said, else `application/octet-stream`. */
  readonly media_type: string;
}

/** SHA-256, size and media type of any file; `checksum.txt` can be checked with `sha256sum -c`. */
export const checksum: Processor = defineProcessor({
  name: "checksum",
  version: "1.0.0",
  description: "SHA-256, size and media type of a file.",
  limits: { maxInputBytes: 64 * GIB },
  params: z.strictObject({}),
  run,
});

export default checksum;

async function run(context: Context<Record<string, never>>): Promise<ChecksumResult> {
  const { input } = context;
  const found = await fileTypeFromFile(input.path);
  const { sha256, sizeBytes } = await digest(context);
  const list = context.artifact("checksum.txt");
  list.end(sumLine(sha256, input.filename));
  await once(list, "finish");
  return { sha256, size_bytes: sizeBytes, media_type: found?.mime ?? input.mediaType };
}

/** Reads the file once, counting and hashing; the progress is the share of its bytes that were read. */
async function digest(context: Context<unknown>): Promise<{ sha256: string; sizeBytes: number }> {
  const { input, signal } = context;
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of input.stream()) {
    signal.throwIfAborted();
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
    context.progress((100 * sizeBytes) / input.sizeBytes, { stage: "hash" });
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

/**
 * A line as `sha256sum` writes it: two spaces before the name; a name with a backslash or a line break has
 * these escaped and the line starts with a backslash. Source: GNU coreutils manual, "md5 invocation".
 */
function sumLine(sha256: string, filename: string): string {
  const escaped = filename.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === filename ? "" : "\\"}${sha256}  ${escaped}\n`;
}
