import type { CreateApiKey } from "@drover/contract";
import { callJson, type JsonOf, type Server, send } from "./request.js";

/** A key, without its secret. */
export type ApiKey = JsonOf<"listKeys">["keys"][number];
/** One that was just made: `key` is what a client sends. */
export type ApiKeyWithSecret = JsonOf<"createKey">;
/** A token that opens one job. */
export type JobToken = JsonOf<"createJobToken">;

/** Aborts the request. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** The API keys of a server. Errors as of `Client`. */
export interface KeyCalls {
  /** Oldest first. */
  list(options?: Abortable): Promise<readonly ApiKey[]>;
  /** The answer has the key, this once. */
  create(key: CreateApiKey, options?: Abortable): Promise<ApiKeyWithSecret>;
  /** Every api refuses the key within 5 s. */
  revoke(keyId: string, options?: Abortable): Promise<void>;
}

/** The calls, at a server. */
export function keyCalls(server: Server): KeyCalls {
  return {
    list: async ({ signal } = {}) => (await callJson(server, "listKeys", { signal })).keys,
    create: (key, { signal } = {}) => callJson(server, "createKey", { body: key, signal }),
    revoke: async (keyId, { signal } = {}) =>
      void (await send(server, "revokeKey", { params: { key_id: keyId }, signal })),
  };
}
