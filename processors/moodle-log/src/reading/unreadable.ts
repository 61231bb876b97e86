import { InputInvalidError } from "@drover/processor-sdk";

/**
 * What is told of a file that cannot be read: a refusal in words when it is damaged or refused itself, else the
 * error as it is, as of a full disk.
 * @param what the file, at the beginning of a sentence.
 */
export function unreadable(what: string, error: unknown): unknown {
  if (error instanceof InputInvalidError) {
    return new InputInvalidError(`${what} cannot be read. ${error.message}`, { cause: error });
  }
  if (!(error instanceof Error) || !isOfContent(error)) return error;
  const reason = error.message.replace(/\.$/, "").slice(0, 200);
  return new InputInvalidError(
    `${what} cannot be read: it is damaged (${reason}). Export or save it again.`,
    {
      cause: error,
    },
  );
}

/** What parsers throw is a plain `Error`; those of the system have a code. */
function isOfContent(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "Z_";
  return error.constructor === Error && code.startsWith("Z_");
}
