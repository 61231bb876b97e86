/** What an operator did. */
export interface AuditedAction {
  /** ms since the epoch. */
  readonly at: number;
  /** Who: the key's public name; `null` for somebody on this machine, by a command or where there are no keys. */
  readonly keyId: string | null;
  /** The key's tenant. */
  readonly tenant: string;
  /** Where the request came from; `user@host` of a command. */
  readonly address: string;
  /** What: the route's name, or `signIn`, `signOut`, `changeBoard`, `reconcile`, `reconcileAdopt`, `importJobs`. */
  readonly action: string;
  /** To what: the request's path, the folder of an import, or "". */
  readonly target: string;
  /** Of the request, as in the logs; "" for a command. */
  readonly requestId: string;
}

/** About how many actions are kept; the oldest go. */
export const MAX_AUDITED_ACTIONS = 10_000;

/** Who did what, as it is told to operators. */
export interface AuditLog {
  append(action: AuditedAction): Promise<void>;
  /** Newest first. */
  page(query: AuditQuery): Promise<AuditPage>;
}

export interface AuditQuery {
  /** 1 to 200. */
  readonly limit: number;
  /** As an earlier page gave it. */
  readonly cursor?: string;
}

export interface AuditPage {
  readonly actions: readonly AuditedAction[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Browsers that somebody signed in with. */
export interface Sessions {
  /** Begins one for a key, for `ttlMs`; returns what the browser presents. */
  start(keyId: string, ttlMs: number): Promise<string>;
  /** The key that it was begun with; `undefined` when there is no such session, or it is over. */
  find(session: string): Promise<string | undefined>;
  end(session: string): Promise<void>;
}
