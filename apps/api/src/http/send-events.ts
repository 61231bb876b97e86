import { once } from "node:events";
import type { Request, Response } from "express";

/** One event of a stream (HTML, section 9.2). */
export interface SentEvent {
  readonly event: string;
  /** Where a client that comes back goes on; absent for what is not stored. */
  readonly id?: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** How long a client waits before it comes back, in ms. */
const RETRY_MS = 3_000;
/** Time between two comments, which keep proxies from closing a quiet stream, in ms. */
const COMMENT_MS = 15_000;

/**
 * Sends events as they come, and ends the answer after the last. Returns early when the client has gone. A
 * client that reads slowly is waited for; the source merges meanwhile what may be merged.
 */
export async function sendEvents(
  events: AsyncIterable<SentEvent>,
  request: Request,
  response: Response,
): Promise<void> {
  response.status(200).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.write(`retry: ${RETRY_MS}\n\n`);
  const comment = setInterval(() => response.write(":\n\n"), COMMENT_MS);
  try {
    for await (const event of events) {
      if (response.destroyed) return;
      if (!response.write(encode(event)))
        await once(response, "drain", { signal: gone.signal }).catch(() => {}); // gone: seen with the next event
    }
    response.end();
  } finally {
    clearInterval(comment);
  }
}

function encode({ event, id, data }: SentEvent): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
