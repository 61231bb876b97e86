import { MAX_WEBHOOK_ENDPOINTS, type WebhookEndpoint, type WebhookEndpoints } from "@drover/core";
import { isObject, isTime } from "./record-checks.js";
import type { RedisKeys } from "./redis-keys.js";
import type { RedisLink } from "./redis-link.js";

/** How often a change is tried when others come first. */
const MAX_TRIES = 10;

/** The registered endpoints in a hash, as JSON. One that cannot be read is passed over. */
export function redisEndpoints(link: RedisLink, keys: RedisKeys): WebhookEndpoints {
  const read = async (id: string): Promise<string | undefined> =>
    (await link.use((client) => client.hget(keys.endpoints, id))) ?? undefined;
  return {
    async list() {
      const entries = await link.use((client) => client.hvals(keys.endpoints));
      return entries
        .flatMap(decodeEndpoint)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    },
    async get(id) {
      const json = await read(id);
      return json === undefined ? undefined : decodeEndpoint(json)[0];
    },
    add: async (endpoint) =>
      (await link.run(
        "add-endpoint",
        [keys.endpoints],
        [endpoint.id, JSON.stringify(endpoint), MAX_WEBHOOK_ENDPOINTS],
      )) === 1,
    async change(id, change) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const json = await read(id);
        const [endpoint] = json === undefined ? [] : decodeEndpoint(json);
        if (json === undefined || endpoint === undefined) return undefined;
        const changed = change(endpoint);
        const args = [id, json, JSON.stringify(changed)];
        if ((await link.run("change-endpoint", [keys.endpoints], args)) === 1) return changed;
      }
      throw new Error(`endpoint ${id} was changed by others ${MAX_TRIES} times in a row`);
    },
    remove: async (id) => (await link.use((client) => client.hdel(keys.endpoints, id))) === 1,
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
    return isWhole ? [value as unknown as WebhookEndpoint] : []; // written by `add`
  } catch {
    return [];
  }
}
