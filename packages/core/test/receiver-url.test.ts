import { describe, expect, it } from "vitest";
import { isAddressAllowed, networksOf, parseIp, parseNetwork, refusalOfReceiver } from "../src/index.js";

const PUBLIC_ONLY = { isHttpAllowed: false, allowedNetworks: [] };

/** The table of F17: a host as it may stand in a URL, and whether it may be called. */
const HOSTS: readonly (readonly [host: string, isAllowed: boolean, what: string])[] = [
  ["93.184.215.14", true, "public"],
  ["1.1.1.1", true, "public"],
  ["9.255.255.255", true, "below 10/8"],
  ["11.0.0.0", true, "above 10/8"],
  ["100.63.255.255", true, "below CGNAT"],
  ["100.128.0.0", true, "above CGNAT"],
  ["172.15.255.255", true, "below 172.16/12"],
  ["172.32.0.0", true, "above 172.16/12"],
  ["169.253.255.255", true, "below link-local"],
  ["192.167.255.255", true, "below 192.168/16"],
  ["223.255.255.255", true, "below multicast"],
  ["0.0.0.0", false, "this host"],
  ["0", false, "this host, short"],
  ["0.1.2.3", false, "this network"],
  ["10.0.0.1", false, "private"],
  ["10.255.255.255", false, "private, last"],
  ["100.64.0.1", false, "CGNAT"],
  ["100.100.100.200", false, "Alibaba's metadata"],
  ["127.0.0.1", false, "loopback"],
  ["127.255.255.254", false, "loopback, high"],
  ["127.1", false, "loopback, short"],
  ["2130706433", false, "loopback, decimal"],
  ["0x7f000001", false, "loopback, hexadecimal"],
  ["0x7f.0.0.1", false, "loopback, mixed"],
  ["017700000001", false, "loopback, octal"],
  ["0177.0.0.1", false, "loopback, octal first"],
  ["１２７.0.0.1", false, "loopback, full-width digits"],
  ["%31%32%37.0.0.1", false, "loopback, percent-encoded"],
  ["localhost", false, "loopback by name"],
  ["LOCALHOST.", false, "loopback by name, rooted"],
  ["a.b.localhost", false, "loopback by name, below"],
  ["169.254.169.254", false, "metadata of clouds"],
  ["0xa9fea9fe", false, "metadata, hexadecimal"],
  ["2852039166", false, "metadata, decimal"],
  ["168.63.129.16", false, "Azure's host"],
  ["172.16.0.1", false, "private"],
  ["172.31.255.255", false, "private, last"],
  ["192.0.0.192", false, "Oracle's metadata"],
  ["192.0.2.1", false, "documentation"],
  ["192.88.99.1", false, "6to4 relay"],
  ["192.168.1.1", false, "private"],
  ["198.18.0.1", false, "benchmarks"],
  ["198.51.100.7", false, "documentation"],
  ["203.0.113.7", false, "documentation"],
  ["224.0.0.1", false, "multicast"],
  ["255.255.255.255", false, "broadcast"],
  ["[2606:4700:4700::1111]", true, "public"],
  ["[2a00:1450:4001:81b::200e]", true, "public"],
  ["[::]", false, "this host"],
  ["[::1]", false, "loopback"],
  ["[::127.0.0.1]", false, "IPv4-compatible"],
  ["[::ffff:127.0.0.1]", false, "mapped loopback"],
  ["[::ffff:7f00:1]", false, "mapped loopback, hexadecimal"],
  ["[::ffff:169.254.169.254]", false, "mapped metadata"],
  ["[::ffff:93.184.215.14]", true, "mapped public"],
  ["[64:ff9b::10.0.0.1]", false, "NAT64 of private"],
  ["[64:ff9b::93.184.215.14]", true, "NAT64 of public"],
  ["[64:ff9b:1::1]", false, "local NAT64"],
  ["[100::1]", false, "discard"],
  ["[2001::1]", false, "Teredo"],
  ["[2001:20::1]", false, "ORCHID"],
  ["[2001:db8::1]", false, "documentation"],
  ["[2002:7f00:1::1]", false, "6to4 of loopback"],
  ["[3fff::1]", false, "documentation"],
  ["[5f00::1]", false, "segment routing"],
  ["[fc00::1]", false, "unique local"],
  ["[fd00:ec2::254]", false, "unique local: Amazon's metadata"],
  ["[fe80::1]", false, "link-local"],
  ["[fec0::1]", false, "site-local"],
  ["[ff02::1]", false, "multicast"],
];

describe("the address of a receiver", () => {
  it.each(HOSTS)("%s is allowed: %s (%s)", (host, isAllowed) => {
    expect(refusalOfReceiver(`https://${host}/hook`, PUBLIC_ONLY) === undefined).toBe(isAllowed);
  });

  it("is what a resolver gives, with the same answer", () => {
    for (const [host, isAllowed] of HOSTS) {
      const address = host.replace(/^\[|\]$/g, "");
      if (parseIp(address) !== undefined)
        expect([address, isAddressAllowed(address, PUBLIC_ONLY)]).toEqual([address, isAllowed]);
    }
    for (const odd of ["", "fe80::1%eth0", "127.0.0.1 ", "1.2.3", "::1::", "12345::", "1:2:3:4:5:6:7:8:9"])
      expect([odd, isAddressAllowed(odd, PUBLIC_ONLY)]).toEqual([odd, false]);
  });

  it("is allowed in the networks that a setting names, and nowhere else", () => {
    const policy = { isHttpAllowed: false, allowedNetworks: networksOf("10.1.0.0/16", "::1", "fd00::/8") };
    const isAllowed = (host: string) => refusalOfReceiver(`https://${host}/`, policy) === undefined;
    expect(["10.1.2.3", "[::1]", "[fd12::1]", "[::ffff:10.1.2.3]"].filter(isAllowed)).toHaveLength(4);
    expect(["10.2.0.1", "127.0.0.1", "[fc00::1]", "[::ffff:10.2.0.1]"].filter(isAllowed)).toEqual([]);
  });

  it.each([
    ["http://example.com/", "is not https"],
    ["ftp://example.com/", "is not https"],
    ["example.com", "is no absolute URL"],
    ["https://user:word@example.com/", "has a user name"],
    ["https://example.com/#there", "has a fragment"],
    [`https://example.com/${"x".repeat(2_048)}`, "is longer than"],
  ])("is refused in words: %s", (url, words) => {
    expect(refusalOfReceiver(url, PUBLIC_ONLY)).toContain(words);
  });

  it("may be http where the setting says so", () => {
    const policy = { ...PUBLIC_ONLY, isHttpAllowed: true };
    expect(refusalOfReceiver("http://example.com/hook", policy)).toBeUndefined();
    expect(refusalOfReceiver("http://127.0.0.1/hook", policy)).toContain("not public");
    expect(refusalOfReceiver("ftp://example.com/hook", policy)).toContain("neither");
  });
});

it.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "a/8", "::/129", "::/1/2", ""])(
  "%s is no network",
  (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  },
);
