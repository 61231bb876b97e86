/**
 * The chunks of `source`. Throws the signal's reason as soon as it aborts, also while the source gives nothing, and lets the source go then:
 * a stream is destroyed, an iterator is told to return. `for await` alone would wait for the next chunk first.
 */
export async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  // One listener and one pending promise at a time: racing each chunk against a promise that lives as long as the upload would keep them all in memory.
  let interrupt: (reason: unknown) => void = () => undefined;
  const onAbort = () => interrupt(signal.reason);
  signal.addEventListener("abort", onAbort);
  let isAtEnd = false;
  try {
    while (!isAtEnd) {
      signal.throwIfAborted(); // it may have aborted while the consumer had the last chunk
      const step = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject;
        iterator.next().then(resolve, reject);
      });
      signal.throwIfAborted();
      if (step.done === true) isAtEnd = true;
      else yield step.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!isAtEnd) letGo(source, iterator);
  }
}

/** Not awaited: an iterator whose `next` never settles would not settle here either. */
function letGo(source: AsyncIterable<Uint8Array>, iterator: AsyncIterator<Uint8Array>): void {
  if ("destroy" in source && typeof source.destroy === "function") source.destroy();
  iterator.return?.()?.catch(() => undefined);
}
