import { DomainError } from "@drover/core";
import { describe, expect, it } from "vitest";
import { assertAccepted } from "../src/jobs/job-request.js";
import { createParamsCheck } from "../src/processors/params-check.js";
import { CSV } from "./test-api.js";

describe("what a processor accepts", () => {
  it.each([
    ["image/*", "image/png", true],
    ["image/*", "image/svg+xml", true],
    ["image/*", "imagery/png", false],
    ["image/*", "text/csv", false],
    ["*/*", "application/octet-stream", true],
    ["text/csv", "text/csv", true],
    ["text/csv", "text/csv-schema", false],
  ])("%s as a media type, met by %s, is %s", (wanted, mediaType, isTaken) => {
    const processor = { ...CSV, accepts: { extensions: [], mediaTypes: [wanted] } };
    const accept = () => assertAccepted(processor, { filename: "a", mediaType });
    if (isTaken) expect(accept).not.toThrow();
    else expect(accept).toThrow(DomainError);
  });
});

describe("params that are text of a kind", () => {
  const checkParams = createParamsCheck();
  const described = { type: "string", description: "A name of the IANA database, as Europe/Lisbon" };
  const refusalOf = (schema: object, value: unknown) => {
    try {
      const paramsSchema = { type: "object", properties: { zone: schema } };
      checkParams({ name: "noop", paramsSchema }, { zone: value });
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each(["UTC", "Europe/Lisbon", "America/Argentina/Buenos_Aires"])("take the time zone %s", (zone) => {
    expect(refusalOf({ type: "string", format: "iana-time-zone" }, zone)).toBeUndefined();
  });

  it.each(["", "Lisbon", "Europe/Atlantis", "Europe/Lisbon ", "../../etc"])(
    "refuse the time zone %j",
    (zone) => {
      expect(refusalOf({ type: "string", format: "iana-time-zone" }, zone)).toMatchObject({
        code: "invalid_params",
        errors: [{ path: "params.zone", message: 'must match format "iana-time-zone"' }],
      });
    },
  );

  it.each([{ format: "iana-time-zone" }, { pattern: "^[A-Z]" }])(
    "are refused in the words of their description, not in those of %j",
    (keyword) => {
      expect(refusalOf({ ...described, ...keyword }, "lisbon")).toMatchObject({
        errors: [{ message: "does not fit. It is: A name of the IANA database, as Europe/Lisbon" }],
      });
    },
  );
});
