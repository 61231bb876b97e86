import { expect, it } from "vitest";
import { assertMay, type Caller, SCOPES, TENANT_NAME } from "../src/index.js";

const caller = (...scopes: Caller["scopes"] extends ReadonlySet<infer S> ? S[] : never): Caller => ({
  tenant: "acme",
  scopes: new Set(scopes),
  keyId: "k1",
});

it("lets a key pass where its scopes say so, and an admin everywhere", () => {
  for (const scope of SCOPES) {
    expect(() => assertMay(caller(scope), scope)).not.toThrow();
    expect(() => assertMay(caller("admin"), scope)).not.toThrow();
  }
  expect(() => assertMay(caller("read"), "submit")).toThrow('a key with the scope "submit"; yours has read');
  expect(() => assertMay(caller("submit"), "read")).toThrow(/"read"/);
  expect(() => assertMay(caller("submit", "read"), "admin")).toThrow(/"admin"/);
  expect(() => assertMay(caller(), "any_key")).not.toThrow();
  expect(() => assertMay(caller(), "anyone")).not.toThrow();
});

it("lets a job's token pass to that job alone, whatever its case", () => {
  const jobId = "01990000-0000-7000-8000-00000000000a";
  const holder: Caller = { ...caller("read"), jobId };
  expect(() => assertMay(holder, "read", jobId.toUpperCase())).not.toThrow();
  expect(() => assertMay(holder, "read", "01990000-0000-7000-8000-00000000000b")).toThrow(/that job alone/);
  expect(() => assertMay(holder, "read")).toThrow(/that job alone/);
  expect(() => assertMay(holder, "any_key")).toThrow(/that job alone/);
  expect(() => assertMay(holder, "anyone")).not.toThrow();
});

it("names tenants in lower case, so that no two look alike", () => {
  for (const good of ["a", "acme", "acme-2", "a".repeat(63)]) expect(good).toMatch(TENANT_NAME);
  for (const bad of ["", "-a", "a-", "Acme", "a b", "a:b", "a_b", "é", "a".repeat(64)])
    expect(bad).not.toMatch(TENANT_NAME);
});
