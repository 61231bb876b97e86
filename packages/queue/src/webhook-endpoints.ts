import {
  DEFAULT_TENANT,
  MAX_ALL_WEBHOOK_ENDPOINTS,
  MAX_WEBHOOK_ENDPOINTS,
  type WebhookEndpoint,
  type WebhookEndpoints,
} from "@drover/core";
import { isObject, isTime } from "./record-checks.js";
import type { RedisKeys } from "./redis-keys.js";
import type { RedisLink } from "./redis-link.js";

/** How often a change is tried when others come first. */
const MAX_TRIES = 10;

/**
 * The registered endpoints in a hash, as JSON. One that cannot be read is passed over.
 * @param of whose are seen; those of all tenants without it.
 */
export function redisEndpoints(
  { link, keys }: { readonly link: RedisLink; readonly keys: RedisKeys },
  of?: { readonly tenant: string },
): WebhookEndpoints {
  const isSeen = ({ tenant }: WebhookEndpoint) => of === undefined || tenant === of.tenant;
  /** An endpoint, and as what it is stored. */
  const read = async (id: string): Promise<{ endpoint: WebhookEndpoint; json: string } | undefined> => {
    const json = await link.use((client) => client.hget(keys.endpoints, id));
    const [endpoint] = json === null ? [] : decodeEndpoint(json).filter(isSeen);
    return json === null || endpoint === undefined ? undefined : { endpoint, json };
  };
  return {
    async list() {
      const entries = await link.use((client) => client.hvals(keys.endpoints));
      return entries
        .flatMap(decodeEndpoint)
        .filter(isSeen)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    },
    get: async (id) => (await read(id))?.endpoint,
    add: async (endpoint) =>
      (await link.run(
        "add-endpoint",
        [keys.endpoints],
        [
          ...[endpoint.id, JSON.stringify(endpoint), MAX_ALL_WEBHOOK_ENDPOINTS, MAX_WEBHOOK_ENDPOINTS],
          ...[endpoint.tenant, DEFAULT_TENANT],
        ],
      )) === 1,
    async change(id, change) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const found = await read(id);
        if (found === undefined) return undefined;
        const changed = change(found.endpoint);
        const args = [id, found.json, JSON.stringify(changed)];
        if ((await link.run("change-endpoint", [keys.endpoints], args)) === 1) return changed;
      }
      throw new Error(`endpoint ${id} was changed by others ${MAX_TRIES} times in a row`);
    },
    // Whose it is never changes: one that was seen is still the same one's when it goes.
    remove: async (id) =>
      (of === undefined || (await read(id)) !== undefined) &&
      (await link.use((client) => client.hdel(keys.endpoints, id))) === 1,
  };
}

function decodeEndpoint(json: string): readonly WebhookEndpoint[] {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) return [];
    const { id, url, events, secrets, createdAt } = value;
    const isWhole =
      [id, url].every((text) => typeof text === "string") &&
      [events, secrets].every(Array.isArray) &&
      isTime(createdAt);
    const earlier = { tenant: DEFAULT_TENANT }; // of a version that knew no tenants
    return isWhole ? [{ ...earlier, ...value } as unknown as WebhookEndpoint] : []; // written by `add`
  } catch {
    return [];
  }
}
