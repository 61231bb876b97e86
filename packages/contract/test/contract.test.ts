import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeQuery,
  ERRORS,
  encodeQuery,
  JobFilter,
  JobId,
  pathOf,
  type Route,
  routes,
  SubmitFields,
} from "../src/index.js";

const table = Object.entries<Route>(routes);

describe("the route table", () => {
  it("has each method of a path once", () => {
    const keys = table.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each(table)("%s has a schema for exactly the params in its path", (_name, route) => {
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(route.params?.shape ?? {}).sort()).toEqual(inPath.sort());
  });

  it.each(table)("%s answers a success, and refuses only with codes that there are", (_name, route) => {
    expect(Object.keys(route.answers).some((status) => status.startsWith("2"))).toBe(true);
    for (const code of route.errors) expect(ERRORS).toHaveProperty(code);
  });

  it("says what happens when Redis is away wherever it is asked", () => {
    const without = table
      .filter(([, { errors }]) => !errors.includes("redis_unavailable"))
      .map(([name]) => name);
    expect(without.sort()).toEqual(["health", "livez"]);
  });
});

describe("a path", () => {
  it("is filled in with each param encoded", () => {
    expect(pathOf(routes.downloadArtifact, { job_id: "1", name: "a b/c" })).toBe(
      "/api/jobs/1/artifacts/a%20b%2Fc",
    );
    expect(() => pathOf(routes.getJob)).toThrow(TypeError);
  });
});

describe("a query", () => {
  it("comes back as it was, tags and all", () => {
    const text = fc.string({ minLength: 1 });
    const filter = fc.record({
      q: text,
      processor: text,
      tag: fc.dictionary(text, text, { minKeys: 1, noNullPrototype: true }),
    });
    fc.assert(
      fc.property(filter, (query) => {
        const decoded = decodeQuery(new URLSearchParams(encodeQuery(query)));
        expect({ ...decoded, tag: { ...(decoded["tag"] as object) } }).toEqual(query);
      }),
    );
  });

  it("with a name that comes twice is refused by its schema", () => {
    const query = decodeQuery(new URLSearchParams("status=failed&status=queued"));
    expect(JobFilter.safeParse(query).success).toBe(false);
  });

  it("leaves out what is undefined", () => {
    expect(encodeQuery({ limit: 5, cursor: undefined })).toBe("limit=5");
  });
});

describe("a field", () => {
  it.each(["0", "-100", "100", 7])("priority %j is a whole number in range", (priority) => {
    expect(SubmitFields.parse({ priority })).toEqual({ priority: Number(priority) });
  });
  it.each(["101", "1e1", "0x10", " 1", "", "1.0", Number.NaN])("priority %j is none", (priority) => {
    expect(SubmitFields.safeParse({ priority }).success).toBe(false);
  });
  it("job_id is any UUID shape in any case", () => {
    expect(JobId.safeParse("12345678-1234-1234-1234-123456789ABC").success).toBe(true);
    expect(JobId.safeParse("12345678123412341234123456789abc").success).toBe(false);
  });
  it("run_at may have an offset", () => {
    expect(SubmitFields.safeParse({ run_at: "2026-01-01T00:00:00+02:00" }).success).toBe(true);
    expect(SubmitFields.safeParse({ run_at: "2026-01-01" }).success).toBe(false);
  });
});
