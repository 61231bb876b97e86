import { describe, expect, it } from "vitest";
import { DomainError, ERRORS } from "../src/index.js";

/** The wire's table of codes and statuses. */
const WIRE: Readonly<Record<string, number>> = {
  invalid_job_id: 400,
  invalid_request: 400,
  file_missing: 400,
  file_empty: 400,
  unauthorized: 401,
  forbidden: 403,
  job_not_found: 404,
  processor_not_found: 404,
  artifact_not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  job_not_finished: 409,
  job_already_finished: 409,
  job_expired: 410,
  job_unreadable: 410,
  input_expired: 410,
  file_too_large: 413,
  file_type_not_accepted: 415,
  invalid_params: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  quota_exceeded: 429,
  internal: 500,
  redis_unavailable: 503,
  at_capacity: 503,
  storage_not_shared: 503,
  draining: 503,
  storage_full: 507,
};

/** Codes that the implementation needs beside the wire's table, each for what no code of the table says. */
const FURTHER: Readonly<Record<string, number>> = {
  webhook_not_found: 404,
  delivery_not_found: 404,
  worker_not_found: 404,
  key_not_found: 404,
  request_timeout: 408,
  webhook_disabled: 409,
  body_too_large: 413,
  range_not_satisfiable: 416,
  headers_too_large: 431,
  storage_unavailable: 503,
  issuer_unavailable: 503,
};

describe("the catalogue of errors", () => {
  it("has the codes and statuses of the wire, and no others", () => {
    const catalogue = Object.fromEntries(Object.entries(ERRORS).map(([code, { status }]) => [code, status]));
    expect(catalogue).toEqual({ ...WIRE, ...FURTHER });
  });

  it("has a title of its own for each code", () => {
    const titles = Object.values(ERRORS).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.every((title) => /^[A-Z].*[^.]$/.test(title))).toBe(true);
  });

  it("names a malformed job id in the words that a client matches", () => {
    expect(ERRORS.invalid_job_id.title).toBe("Invalid job_id format (must be UUID)");
  });
});

describe("a domain error", () => {
  it("carries its code, its sentence, and nothing more by default", () => {
    const error = new DomainError("file_empty", "The file has no bytes.");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "DomainError",
      code: "file_empty",
      message: "The file has no bytes.",
      errors: [],
      retryAfterS: undefined,
      members: {},
    });
    expect("cause" in error).toBe(false);
  });

  it("carries its cause, details, waiting time and further members", () => {
    const cause = new Error("ECONNREFUSED");
    const options = {
      cause,
      errors: [{ path: "params.timezone", message: "unknown" }],
      retryAfterS: 2,
      members: { expired_at: "2026-01-01T00:00:00.000Z" },
    };
    expect(new DomainError("redis_unavailable", "Away.", options)).toMatchObject(options);
  });
});
