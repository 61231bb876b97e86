import { embeddedIpv4, type IpAddress, type IpNetwork, isIn, networksOf, parseIp } from "./ip-network.js";
import { MAX_WEBHOOK_URL_LENGTH } from "./webhook.js";

/** Which receivers of webhooks may be called. */
export interface ReceiverPolicy {
  /** Whether `http://` may be; else `https://` alone. */
  readonly isHttpAllowed: boolean;
  /** Networks that may be called although they are not public. */
  readonly allowedNetworks: readonly IpNetwork[];
}

/**
 * IPv4 networks that are not on the public internet: those of the IANA special-purpose registry that are not
 * globally reachable, multicast, and the address at which Azure serves its guests.
 * Source: https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const NOT_PUBLIC_IPV4 = networksOf(
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"],
);

/** The IPv6 networks that are given to hosts (RFC 4291, 2.4): what is outside is not public. */
const GLOBAL_IPV6 = networksOf("2000::/3");

/**
 * And what in it is not public: protocols with Teredo and ORCHID, documentation, 6to4.
 * Source: https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC_IPV6 = networksOf("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

/**
 * Whether an address may be called: it is public, or in a network that is allowed. An IPv4 address inside an
 * IPv6 one, mapped or of NAT64, is judged as itself. What is no address may not.
 * @param text as a resolver gives it.
 */
export function isAddressAllowed(text: string, { allowedNetworks }: ReceiverPolicy): boolean {
  const address = parseIp(text);
  if (address === undefined) return false;
  const meant = embeddedIpv4(address) ?? address;
  return isPublic(meant) || allowedNetworks.some((network) => isIn(network, meant) || isIn(network, address));
}

function isPublic(address: IpAddress): boolean {
  const isInOne = (networks: readonly IpNetwork[]) => networks.some((network) => isIn(network, address));
  if (address.bits === 32) return !isInOne(NOT_PUBLIC_IPV4);
  return isInOne(GLOBAL_IPV6) && !isInOne(NOT_PUBLIC_IPV6);
}

/**
 * Why the address of a receiver is refused before its name is looked up, in words that may follow it;
 * `undefined` when it is not. What a name leads to is judged when it is called, by `isAddressAllowed`.
 * @param text absolute; `URL` reads it, so that octal, decimal and hexadecimal hosts are what they stand for.
 */
export function refusalOfReceiver(text: string, policy: ReceiverPolicy): string | undefined {
  if (text.length > MAX_WEBHOOK_URL_LENGTH) return `is longer than ${MAX_WEBHOOK_URL_LENGTH} characters`;
  if (!URL.canParse(text)) return "is no absolute URL";
  const url = new URL(text);
  const isHttp = url.protocol === "http:" && policy.isHttpAllowed;
  if (url.protocol !== "https:" && !isHttp)
    return policy.isHttpAllowed ? "is neither https:// nor http://" : "is not https://";
  if (url.username !== "" || url.password !== "") return "has a user name or a password in it";
  if (url.hash !== "") return "has a fragment, which no receiver sees";
  const literal = literalOf(url);
  if (literal !== undefined && !isAddressAllowed(literal, policy))
    return "leads to an address that is not public";
  return undefined;
}

/** The address that a host says without being looked up; `undefined` for a name. */
export function literalOf({ hostname }: Pick<URL, "hostname">): string | undefined {
  const host = hostname.replace(/^\[|\]$|\.$/g, "");
  if (host === "localhost" || host.endsWith(".localhost")) return "127.0.0.1"; // RFC 6761, 6.3
  return parseIp(host) === undefined ? undefined : host;
}
