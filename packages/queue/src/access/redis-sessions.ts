import { createHash, randomBytes } from "node:crypto";
import type { Sessions } from "@drover/core";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** Sessions as strings that expire, each under the digest of what the browser has. */
export function redisSessions(link: RedisLink, keys: RedisKeys): Sessions {
  const keyOf = (session: string) => keys.session(createHash("sha256").update(session).digest("base64url"));
  return {
    async start(keyId, ttlMs) {
      const session = randomBytes(32).toString("base64url");
      await link.use((client) => client.set(keyOf(session), keyId, "PX", ttlMs));
      return session;
    },
    find: async (session) => (await link.use((client) => client.get(keyOf(session)))) ?? undefined,
    async end(session) {
      await link.use((client) => client.del(keyOf(session)));
    },
  };
}
