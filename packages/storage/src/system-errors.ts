import { DomainError } from "@drover/core";

/** Whether a system call failed with one of the codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}

/** A handler for `catch` that resolves to `undefined` for the codes and throws anything else on. */
export function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  };
}

/** What systems say of a device, or of a server behind a mount, that is away or takes no bytes. */
const AWAY = ["EIO", "ENXIO", "ENODEV", "EROFS", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN"];

/**
 * Names what a failed system call means to a client.
 * @returns `storage_full` when a device or a quota has no room left, `storage_unavailable` when it is away;
 *   anything else as it came.
 */
export function asStorageError(error: unknown): unknown {
  if (hasCode(error, "ENOSPC", "EDQUOT"))
    return new DomainError("storage_full", "The storage has no room left for this file.", { cause: error });
  if (hasCode(error, ...AWAY))
    return new DomainError("storage_unavailable", "The storage does not answer just now.", { cause: error });
  return error;
}
