import type { IncomingMessage } from "node:http";
import type { Caller, Sessions } from "@drover/core";
import { isForeignChange } from "./cross-origin.js";
import type { KeyHolders } from "./key-holders.js";

/** The cookie that a browser has after somebody signed in with it. */
export const SESSION_COOKIE = "drover_session";
/** 12 hours, in ms. */
export const SESSION_MS = 12 * 3_600_000;

/** As Redis makes them: 256 random bits in base64url. Anything else is not looked for. */
const COOKIE = new RegExp(`(?:^|;) *${SESSION_COOKIE}=([A-Za-z0-9_-]{43}) *(?:;|$)`);

/**
 * The session that a browser presents. None for a change that a page of another origin asks for: `SameSite` keeps
 * the cookie from other sites, and not from a page on another port of this host, which may be a listed origin.
 */
export function sessionIn(request: IncomingMessage): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined || isForeignChange(request)) return undefined;
  return COOKIE.exec(cookie)?.[1];
}

export interface BrowserSessionsOptions {
  readonly sessions: Sessions;
  readonly holders: Pick<KeyHolders, "holderOfId">;
}

/** How long a session that was found is believed, in ms; so long it lives on in other processes when it ends. */
const KEPT_MS = 2_000;
const MAX_KEPT = 1_000;

interface Found {
  readonly keyId: string;
  /** By the process's monotonic time, in ms. */
  readonly until: number;
}

/**
 * Sessions of browsers, each with the rights of the key that it was begun with, while that key is in force. They
 * are kept in Redis; one that was found is remembered for 2 s, so that a page that polls costs nothing more.
 */
export class BrowserSessions {
  readonly #options: BrowserSessionsOptions;
  readonly #found = new Map<string, Found>();

  constructor(options: BrowserSessionsOptions) {
    this.#options = options;
  }

  /** Begins one, for 12 hours; returns what the browser presents. */
  start(keyId: string): Promise<string> {
    return this.#options.sessions.start(keyId, SESSION_MS);
  }

  /**
   * Whose session it is; `undefined` when it is over, or its key is.
   * @throws `redis_unavailable`.
   */
  callerOf(session: string): Caller | undefined | Promise<Caller | undefined> {
    const { holders } = this.#options;
    const found = this.#found.get(session);
    if (found !== undefined && performance.now() < found.until) return holders.holderOfId(found.keyId);
    return this.#find(session).then((keyId) => (keyId === undefined ? undefined : holders.holderOfId(keyId)));
  }

  /** Ends it: at once in this process, within 2 s in others. */
  async end(session: string): Promise<void> {
    await this.#options.sessions.end(session);
    this.#found.delete(session);
  }

  async #find(session: string): Promise<string | undefined> {
    this.#found.delete(session);
    const askedAt = performance.now();
    const keyId = await this.#options.sessions.find(session);
    if (keyId === undefined) return undefined;
    if (this.#found.size >= MAX_KEPT) this.#found.clear();
    this.#found.set(session, { keyId, until: askedAt + KEPT_MS });
    return keyId;
  }
}
