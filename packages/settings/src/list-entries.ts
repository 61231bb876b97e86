import { parseNetwork } from "@drover/core";
import type { Entry } from "./value-kinds.js";

/** Names that a server is spoken to by; `*` for any. */
export const HOST_NAMES: Entry = {
  accepts: (text) => /^(\*|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i.test(text),
  expected: "names without scheme and port, as drover.example.org",
};

/** Origins of pages. */
export const ORIGINS: Entry = {
  accepts: (text) => /^https?:\/\/[a-z0-9.:[\]-]+$/i.test(text) && URL.canParse(text),
  expected: "origins, as http://localhost:5173, with scheme and port but no path, and no `*`",
};

/** Networks and addresses. */
export const NETWORKS: Entry = {
  accepts: (text) => parseNetwork(text) !== undefined,
  expected: "networks or addresses, as 10.0.0.0/8 or fd00::1",
};

/**
 * Whom to trust as a proxy: one number of hops alone, or networks. The three words are those of Express' `trust
 * proxy`.
 */
export const PROXIES: Entry = {
  accepts: (text, { length }) =>
    (isHops(text) && length === 1) ||
    /^(loopback|linklocal|uniquelocal)$/.test(text) ||
    parseNetwork(text) !== undefined,
  expected: "the number of proxies, as 1, or their addresses and networks, as 10.0.0.0/8",
};

/** Whether an entry of `PROXIES` is a number of them. */
export function isHops(text: string): boolean {
  return /^\d{1,2}$/.test(text);
}
