import type { IncomingMessage } from "node:http";
import { DomainError } from "@drover/core";

/** Fewer bytes than this in one period are no progress: a client that drips would hold its connection for ever. */
const MIN_BYTES = 1024;

/**
 * Calls `onStall` once when fewer than 1 KiB of the request arrived for `stallMs` while its body was incomplete. Node's own request
 * timeout covers the whole body and would cut slow honest uploads. Returns what ends the watch.
 */
export function watchStall(
  request: IncomingMessage,
  stallMs: number,
  onStall: (error: DomainError) => void,
): () => void {
  let last = request.socket.bytesRead;
  const timer = setInterval(() => {
    const { bytesRead } = request.socket;
    if (bytesRead - last >= MIN_BYTES || request.complete) {
      last = bytesRead;
      return;
    }
    clearInterval(timer);
    onStall(
      new DomainError(
        "invalid_request",
        `The upload stalled: fewer than ${MIN_BYTES} bytes came in ${stallMs} ms.`,
      ),
    );
  }, stallMs);
  return () => clearInterval(timer);
}
