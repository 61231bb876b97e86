import type { IncomingMessage } from "node:http";
import type { EventSink, HeldKind } from "@drover/core";

/** Tells that a request is held open, for as long as `hold` takes. */
export async function whileHeld<T>(events: EventSink, kind: HeldKind, hold: () => Promise<T>): Promise<T> {
  events.emit("held.opened", { kind });
  try {
    return await hold();
  } finally {
    events.emit("held.closed", { kind });
  }
}

/**
 * Whether a request asks to be answered later than it could be: its duration says nothing about the server.
 * @param query as its route has parsed it.
 */
export function asksToBeHeld({ headers }: IncomingMessage, query: unknown): boolean {
  const isPoll = typeof query === "object" && query !== null && "wait" in query && Number(query.wait) > 0;
  return isPoll || /\bwait\s*=/i.test(String(headers["prefer"] ?? ""));
}
