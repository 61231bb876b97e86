/** An IPv4 or IPv6 address as a number. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** The addresses that begin as `value` does, in `prefix` bits. */
export interface IpNetwork extends IpAddress {
  readonly prefix: number;
}

/**
 * The address that `text` spells, as Node and `URL` spell them: four decimal numbers, or IPv6 without a zone.
 * `undefined` for anything else, so also for octal, hexadecimal and short forms.
 */
export function parseIp(text: string): IpAddress | undefined {
  const value = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { bits: text.includes(":") ? 128 : 32, value };
}

/** The network that `text` spells, `10.0.0.0/8` or a single address; `undefined` for anything else. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [start = "", length, ...rest] = text.split("/");
  const address = parseIp(start);
  if (address === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { ...address, prefix: address.bits };
  if (!/^\d{1,3}$/.test(length) || Number(length) > address.bits) return undefined;
  return { ...address, prefix: Number(length) };
}

/** Whether the address is in the network. IPv4 and IPv6 are two worlds, see `embeddedIpv4`. */
export function isIn(network: IpNetwork, address: IpAddress): boolean {
  if (network.bits !== address.bits) return false;
  const shift = BigInt(network.bits - network.prefix);
  return network.value >> shift === address.value >> shift;
}

/** Networks whose addresses end in the IPv4 address that is really spoken to: RFC 4291 2.5.5.2, RFC 6052 2.1. */
const EMBEDDING = networksOf("::ffff:0:0/96", "64:ff9b::/96");

/** The IPv4 address that an IPv4-mapped one, or one of NAT64, stands for. */
export function embeddedIpv4(address: IpAddress): IpAddress | undefined {
  if (!EMBEDDING.some((network) => isIn(network, address))) return undefined;
  return { bits: 32, value: address.value & 0xffff_ffffn };
}

/**
 * The networks of a table in the code.
 * @throws `TypeError` for a text that is none.
 */
export function networksOf(...texts: readonly string[]): readonly IpNetwork[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new TypeError(`${text} is no network`);
    return network;
  });
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  const isDecimal = (part: string) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256;
  if (parts.length !== 4 || !parts.every(isDecimal)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d[\d.]*)$/.exec(text);
  if (dotted?.[1] !== undefined && dotted[2]?.includes(".") === true) {
    const tail = parseIpv4(dotted[2]);
    if (tail === undefined) return undefined;
    return parseIpv6(`${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const [front = [], back] = halves;
  const missing = 8 - front.length - (back?.length ?? 0);
  if (halves.length > 2 || (back === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...front, ...Array<string>(missing).fill("0"), ...(back ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
