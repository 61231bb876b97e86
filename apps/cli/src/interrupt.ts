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
 * Runs `work` with a signal that the first Ctrl-C, SIGTERM or SIGHUP aborts; it then ends with an `InterruptedError` that says `howToGoOn`.
 * A second one ends the process as if nobody listened.
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
