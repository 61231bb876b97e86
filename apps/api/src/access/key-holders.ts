import { type Caller, DEFAULT_TENANT, SCOPES } from "@drover/core";
import type { EnvironmentKey } from "@drover/settings";
import { digestOf, idOfKey, isSameDigest, keyRefused } from "./api-key-text.js";
import type { KeyRing, KeySnapshot } from "./key-ring.js";

export interface KeyHoldersOptions {
  readonly ring: KeyRing;
  /** Keys that need no Redis. */
  readonly environment: readonly EnvironmentKey[];
  /** Wall time, ms since the epoch. */
  readonly now: () => number;
}

interface KnownKey {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** Whose keys are whose: those of the environment, and those in Redis. */
export class KeyHolders {
  readonly #ring: KeyRing;
  readonly #environment: readonly KnownKey[];
  readonly #now: () => number;

  constructor({ ring, environment, now }: KeyHoldersOptions) {
    this.#ring = ring;
    this.#environment = environment.map(environmentKeyOf);
    this.#now = now;
  }

  /** Whether the environment gives any key. */
  get hasEnvironment(): boolean {
    return this.#environment.length > 0;
  }

  /**
   * The holder of a key, at once unless Redis has to be asked.
   * @throws `unauthorized` for a key that is not known, or has expired; `redis_unavailable`.
   */
  holderOf(text: string): Caller | Promise<Caller> {
    const digest = digestOf(text);
    const own = this.#inEnvironment(digest);
    if (own !== undefined) return own.caller;
    const id = idOfKey(text);
    if (id === undefined) throw unknownKey();
    const found = this.#ring.find((known) => {
      const key = known.byId.get(id);
      return isSameDigest(digest, key?.digest) && key !== undefined ? this.#inForce(key) : undefined;
    });
    return found instanceof Promise ? found.then((caller) => caller ?? refuse()) : found;
  }

  /**
   * The holder of the key with the id; `undefined` when there is none, or it has expired.
   * @throws `redis_unavailable`.
   */
  holderOfId(keyId: string): Caller | undefined | Promise<Caller | undefined> {
    return this.#inEnvironmentById(keyId) ?? this.#ring.find((known) => this.#inRing(keyId, known));
  }

  /** Whether the text is a key that the environment gives. */
  isOfEnvironment(text: string): boolean {
    return this.#inEnvironment(digestOf(text)) !== undefined;
  }

  /** Whether the key of the id may be used, by what is known of the keys in Redis. */
  isInForce(keyId: string, known: KeySnapshot): boolean {
    return (this.#inEnvironmentById(keyId) ?? this.#inRing(keyId, known)) !== undefined;
  }

  #inEnvironmentById(keyId: string): Caller | undefined {
    return this.#environment.find(({ caller }) => caller.keyId === keyId)?.caller;
  }

  #inRing(keyId: string, { byId }: KeySnapshot): Caller | undefined {
    const key = byId.get(keyId);
    return key === undefined || this.#isOver(key.expiresAt) ? undefined : key.caller;
  }

  /** Each is compared, so that the time does not tell which one it is. */
  #inEnvironment(digest: Buffer): KnownKey | undefined {
    return this.#environment.filter((known) => isSameDigest(digest, known.digest))[0];
  }

  #inForce({ caller, expiresAt }: { readonly caller: Caller; readonly expiresAt: number | null }): Caller {
    if (this.#isOver(expiresAt)) throw keyRefused("The key that was sent has expired.");
    return caller;
  }

  #isOver(expiresAt: number | null): boolean {
    return expiresAt !== null && expiresAt <= this.#now();
  }
}

function refuse(): never {
  throw unknownKey();
}

function unknownKey() {
  return keyRefused("The key that was sent is not known here: it is misspelt, or was revoked.");
}

/** Named by its digest: the environment gives it no id. */
function environmentKeyOf({ tenant, scopes, key }: EnvironmentKey): KnownKey {
  const digest = digestOf(key);
  const keyId = `env:${digest.toString("hex").slice(0, 6)}`;
  return { digest, caller: { tenant, scopes: new Set(scopes), keyId } };
}

/** `DROVER_ADMIN_KEY` as one of the environment's keys. */
export function adminKeyOf(key: string | undefined): readonly EnvironmentKey[] {
  return key === undefined ? [] : [{ tenant: DEFAULT_TENANT, scopes: SCOPES, key }];
}
