/** The input can never work: the job fails at once and is not tried again. The message is read by the person who uploaded the file. */
export class InputInvalidError extends Error {
  override readonly name = "InputInvalidError";
}

/** Something outside is not ready: the attempt failed, and the next one starts no earlier than `afterMs`. */
export class TryLaterError extends Error {
  override readonly name = "TryLaterError";
  /** ms, 0 to 24 h. */
  readonly afterMs: number;

  constructor(message: string, options: { readonly afterMs: number }) {
    super(message);
    this.afterMs = Math.min(Math.max(0, options.afterMs), 24 * 3_600_000);
  }
}
