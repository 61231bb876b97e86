import { type ApiKey, type ApiKeys, MAX_API_KEYS, SCOPES, TENANT_NAME } from "@drover/core";
import { isObject, isTime } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** The keys in a hash, as JSON. One that cannot be read opens nothing. */
export function redisApiKeys(link: RedisLink, keys: RedisKeys): ApiKeys {
  return {
    async read() {
      const [entries, secret] = await link.use((client) =>
        Promise.all([client.hvals(keys.apiKeys), client.get(keys.tokenSecret)]),
      );
      return {
        keys: entries
          .flatMap(decodeApiKey)
          .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
        isAny: entries.length > 0,
        tokenSecret: secret ?? undefined,
      };
    },
    add: async (key) =>
      (await link.run("add-api-key", [keys.apiKeys], [key.id, JSON.stringify(key), MAX_API_KEYS])) === 1,
    remove: async (id) => (await link.use((client) => client.hdel(keys.apiKeys, id))) === 1,
    async keepTokenSecret(candidate) {
      const [, standing] = await link.use((client) =>
        Promise.all([client.set(keys.tokenSecret, candidate, "NX"), client.get(keys.tokenSecret)]),
      );
      return standing ?? candidate; // it has no time to live; null only when somebody removes it just now
    },
  };
}

const KEY_ID = /^[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The key that an entry describes; none when any member is not what `add` writes. */
function decodeApiKey(json: string): readonly ApiKey[] {
  const key = parse(json);
  if (!isObject(key)) return [];
  const { id, tenant, scopes, name, sha256, createdAt, expiresAt } = key;
  const isWhole =
    isText(id, KEY_ID) &&
    isText(tenant, TENANT_NAME) &&
    isText(sha256, SHA256) &&
    typeof name === "string" &&
    Array.isArray(scopes) &&
    scopes.every((scope) => SCOPES.includes(scope)) &&
    isTime(createdAt) &&
    (expiresAt === null || isTime(expiresAt));
  return isWhole ? [key as unknown as ApiKey] : []; // every member was looked at
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
