import { type AuditedAction, type AuditLog, DomainError, MAX_AUDITED_ACTIONS } from "@drover/core";
import { isObject } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/** Actions in a stream of bounded length. One that cannot be read is passed over. */
export function redisAudit(link: RedisLink, keys: RedisKeys): AuditLog {
  return {
    async append(action) {
      const args = ["MAXLEN", "~", MAX_AUDITED_ACTIONS, "*", "action", JSON.stringify(action)] as const;
      await link.use((client) => client.xadd(keys.audit, ...args));
    },
    async page({ limit, cursor }) {
      if (cursor !== undefined && !/^\d{1,15}-\d{1,15}$/.test(cursor))
        throw new DomainError("invalid_request", "The cursor is the next_cursor of an earlier page.");
      const end = cursor === undefined ? "+" : `(${cursor}`;
      const entries = await link.use((client) => client.xrevrange(keys.audit, end, "-", "COUNT", limit));
      return {
        actions: entries.flatMap(([, fields]) => decodeAction(fields[1] ?? "")),
        nextCursor: entries.length < limit ? null : (entries.at(-1)?.[0] ?? null),
      };
    },
  };
}

function decodeAction(json: string): readonly AuditedAction[] {
  try {
    const value: unknown = JSON.parse(json);
    const isWhole = isObject(value) && typeof value["at"] === "number" && typeof value["action"] === "string";
    return isWhole ? [value as unknown as AuditedAction] : []; // written by `append`
  } catch {
    return [];
  }
}
