import type { Scope } from "../access.js";

/** What is kept of an API key: all but the key itself. */
export interface ApiKey {
  /** The part of the key's text that may be shown: 12 hexadecimal digits. */
  readonly id: string;
  /** As `TENANT_NAME` says. */
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** For people; may be empty. */
  readonly name: string;
  /** Hexadecimal, of the whole text. The secret has 256 random bits: one pass of a fast hash protects it. */
  readonly sha256: string;
  /** ms since the epoch, as `expiresAt`. */
  readonly createdAt: number;
  /** `null` for a key that holds until it is revoked. */
  readonly expiresAt: number | null;
}

/** How many keys there can be: every api reads all of them every 1.5 s. */
export const MAX_API_KEYS = 1_000;

/** The keys that were made by command. Every method throws `redis_unavailable` within 2 s. */
export interface ApiKeys {
  /** Oldest first, expired ones too. One round trip. */
  read(): Promise<StoredKeys>;
  /** False when there are `MAX_API_KEYS` of them, or one of the id. */
  add(key: ApiKey): Promise<boolean>;
  /** Revokes the key: it is forgotten. False when there was none. */
  remove(id: string): Promise<boolean>;
  /** The secret that stands: `candidate` where there was none. */
  keepTokenSecret(candidate: string): Promise<string>;
}

export interface StoredKeys {
  readonly keys: readonly ApiKey[];
  /** Whether there is any key, also one that cannot be read. */
  readonly isAny: boolean;
  /** What tokens of jobs are signed with, the same for all apis; `undefined` before the first token. */
  readonly tokenSecret: string | undefined;
}
