import { JOB_ID_SHAPE, TENANT_NAME } from "@drover/core";
import * as z from "zod";

/** A time on the wire: RFC 3339 in UTC with milliseconds. */
export const Time = z.iso.datetime({ precision: 3 }).meta({ examples: ["2026-01-01T00:00:00.000Z"] });

/** A job's id: any `8-4-4-4-12` hexadecimal string, in any case. */
export const JobId = z
  .string()
  .regex(JOB_ID_SHAPE)
  .meta({ examples: ["01990000-0000-7000-8000-000000000000"] });

/** A tenant's name. */
export const Tenant = z
  .string()
  .regex(TENANT_NAME)
  .meta({ examples: ["acme"] });

/** The tenant that a request asks for. */
export const AskedTenant = Tenant.describe(
  "Of this tenant alone: for an admin, whose requests are about all of them otherwise. Any other caller's are " +
    "about its own, and naming another is a 403.",
);

export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("Hexadecimal SHA-256 of the bytes.");

/** At most 16 labels of at most 64 and 256 characters. Values are text. */
export const Tags = z
  .record(
    z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "a tag's key is 1 to 64 letters, digits, '_', '.' or '-'"),
    z.string().max(256),
  )
  .refine((tags) => Object.keys(tags).length <= 16, "at most 16 tags")
  .meta({ maxProperties: 16, examples: [{ course: "CS101" }] });

/** The processor's options; each processor publishes the schema of its own. */
export const Params = z.record(z.string(), z.unknown()).meta({ examples: [{}] });

/** Params as a client sends them. The document lists those of each processor under this name. */
export const SentParams = Params.meta({ id: "Params", description: "The processor's options." });

/**
 * A whole number that may come as text, as in a query or a form field. `example` is what the reference page
 * fills in.
 */
export function wholeNumber(min: number, max: number, example: number) {
  return z.preprocess(
    (value) => (typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    z
      .int()
      .min(min)
      .max(max)
      .meta({ examples: [example] }),
  );
}
