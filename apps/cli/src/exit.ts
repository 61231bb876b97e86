import { ProblemError, UnexpectedAnswerError, UnreachableError } from "@drover/client";

/**
 * Exit codes of `drover`.
 *
 * | code | means |
 * |---|---|
 * | 0 | done |
 * | 1 | the job failed or was cancelled, or the server refused |
 * | 2 | the command was not understood, or something on this machine has to be put right first |
 * | 3 | no Drover server answers at the address |
 * | 130 | ended by Ctrl-C; 129 and 143 by SIGHUP and SIGTERM |
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
      text:
        `${error.message} Start a server with "drover up" (npm start), or set DROVER_URL to where one ` +
        "runs.",
    };
  }
  if (error instanceof UnexpectedAnswerError) {
    return { code: EXIT.unreachable, text: `${error.message} Is DROVER_URL its address?` };
  }
  if (error instanceof InterruptedError) return { code: error.exitCode, text: error.message };
  if (error instanceof ProblemError) {
    const details = error.problem.errors?.map(({ path, message }) => `\n  ${path}: ${message}`) ?? [];
    const hint = error.code === "unauthorized" ? " DROVER_API_KEY is the key that is sent." : "";
    return { code: EXIT.failed, text: `${error.message}${details.join("")} (${error.code})${hint}` };
  }
  if (error instanceof UsageError || isExpected(error)) return { code: EXIT.usage, text: error.message };
  if (isOfSystem(error)) return { code: EXIT.usage, text: sentenceOf(error) };
  return { code: EXIT.usage, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Errors of other modules whose message says what to do: a folder in use, no Redis. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && ["FolderInUseError", "RedisNotFoundError"].includes(error.name);
}

/** Of a call of the operating system: a missing file, a full disk. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

function sentenceOf(error: NodeJS.ErrnoException): string {
  const path = error.path ?? "The file";
  const known: Readonly<Record<string, string>> = {
    ENOENT: `${path} does not exist.`,
    EACCES: `${path} may not be read or written by this user.`,
    EPERM: `${path} may not be read or written by this user.`,
    EISDIR: `${path} is a folder, not a file.`,
    ENOTDIR: `A part of ${path} is a file, not a folder.`,
    EEXIST: `${path} exists already, and is no folder.`,
    ENOSPC: "The disk is full.",
    EROFS: `${path} is on a disk that takes no writes.`,
  };
  return known[error.code ?? ""] ?? error.message;
}

/** The person at the terminal, or the system, ended the command. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  /** 128 and the signal's number, as shells count. */
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs `work` with a signal that the first Ctrl-C, SIGTERM or SIGHUP aborts; it then ends with an
 * `InterruptedError` that says `howToGoOn`. A second one ends the process as if nobody listened.
 */
export async function interruptible<T>(
  howToGoOn: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, exitCode]) => {
    const listener = () => stop.abort(new InterruptedError(exitCode, howToGoOn));
    process.once(name, listener);
    return { name, listener };
  });
  try {
    return await work(stop.signal);
  } finally {
    for (const { name, listener } of listeners) process.removeListener(name, listener);
  }
}
