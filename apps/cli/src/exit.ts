import { ProblemError, UnreachableError } from "@drover/client";

/**
 * Exit codes of `drover`.
 *
 * | code | means |
 * |---|---|
 * | 0 | done |
 * | 1 | the job failed or was cancelled, or the server refused |
 * | 2 | the command was not understood, or something on this machine has to be put right first |
 * | 3 | the server cannot be reached |
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** Something that the person at the terminal can put right; told without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The exit code for an error, and what to tell. */
export function explain(error: unknown): { readonly code: number; readonly text: string } {
  if (error instanceof UnreachableError) {
    return {
      code: EXIT.unreachable,
      text: `${error.message} Start a server with "drover up" (npm start), or set DROVER_URL to where one runs.`,
    };
  }
  if (error instanceof ProblemError) {
    const details = error.problem.errors?.map(({ path, message }) => `\n  ${path}: ${message}`) ?? [];
    return { code: EXIT.failed, text: `${error.message}${details.join("")} (${error.code})` };
  }
  if (error instanceof UsageError || isExpected(error)) return { code: EXIT.usage, text: error.message };
  return { code: EXIT.usage, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Errors of other modules whose message says what to do: a missing file, a folder in use, no Redis. */
function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    ["FolderInUseError", "RedisNotFoundError"].includes(error.name) || ("code" in error && "path" in error)
  );
}
