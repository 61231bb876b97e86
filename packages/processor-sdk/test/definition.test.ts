import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineProcessor, type ProcessorDefinition } from "../src/index.js";

const MINIMAL: ProcessorDefinition<unknown> = {
  name: "noop",
  version: "1.0.0",
  description: "Does nothing.",
  params: z.strictObject({}),
  run: async () => null,
};

/** As JavaScript calls it, where nobody checks types. */
function define(members: Readonly<Record<string, unknown>>) {
  return defineProcessor({ ...MINIMAL, ...members } as ProcessorDefinition<unknown>);
}

describe("what a definition means", () => {
  it("an ending is one with or without its dot, in any case", () => {
    const extensions = ["csv", ".TXT", "*.md", " tar.gz "];
    expect(define({ accepts: { extensions } }).accepts.extensions).toEqual([
      ".csv",
      ".txt",
      ".md",
      ".tar.gz",
    ]);
  });

  it("a media type may be a whole family, in any case, and its parameters do not count", () => {
    const mediaTypes = ["Image/*", "*/*", "text/csv; charset=utf-8", "application/vnd.ms-excel"];
    expect(define({ accepts: { mediaTypes } }).accepts.mediaTypes).toEqual([
      "image/*",
      "*/*",
      "text/csv",
      "application/vnd.ms-excel",
    ]);
  });
});

describe("a definition is refused with a sentence that names the processor and what was expected:", () => {
  it.each<readonly [string, Record<string, unknown>, RegExp]>([
    ["no run", { run: undefined }, /^Processor noop: run is the function .*; got nothing\.$/],
    ["a run that is none", { run: "later" }, /^Processor noop: run is the function .*; got "later"\.$/],
    ["no params", { params: undefined }, /^Processor noop: params is a schema of zod 4, as z\.strictObject/],
    [
      "params that are no schema",
      { params: { zone: "UTC" } },
      /params is a schema of zod 4.*got \{"zone":"UTC"\}\.$/,
    ],
    ["no version", { version: undefined }, /^Processor noop: version is .* got nothing\.$/],
    ["a version that is a number", { version: 1 }, /^Processor noop: version is .* got 1\.$/],
    ["an empty description", { description: " " }, /^Processor noop: description is one sentence/],
    ["no name", { name: undefined }, /name is kebab-case.*got nothing\.$/],
    [
      "an ending for anything",
      { accepts: { extensions: ["*"] } },
      /endings of file names.*got "\*"\. Leave the list out/,
    ],
    ["an empty ending", { accepts: { extensions: [""] } }, /endings of file names/],
    ["a path as an ending", { accepts: { extensions: ["a/b"] } }, /endings of file names/],
    ["a media type without a slash", { accepts: { mediaTypes: ["image"] } }, /"image\/\*".*got "image"\.$/],
    ["a media type with a star in it", { accepts: { mediaTypes: ["image/p*"] } }, /got "image\/p\*"\.$/],
    [
      "a list that is a text",
      { accepts: { extensions: ".csv" } },
      /accepts\.extensions is a list of texts; got "\.csv"\.$/,
    ],
    [
      "a misspelt list",
      { accepts: { extension: [".csv"] } },
      /no accepts\.extension; there are extensions, mediaTypes/,
    ],
    [
      "a misspelt limit",
      { limits: { timeout: 5 } },
      /no limits\.timeout; there are maxInputBytes, timeoutMs/,
    ],
    ["params that are a text", { params: z.string() }, /params is an object.*its schema says "string"\.$/],
    [
      "a param that no JSON is",
      { params: z.object({ at: z.date() }) },
      /cannot be told to the api as JSON Schema: Date/,
    ],
    [
      "a param of one's own kind",
      { params: z.object({ at: z.custom(() => true) }) },
      /cannot be told to the api/,
    ],
  ])("%s", (_, members, sentence) => {
    expect(() => define(members)).toThrow(TypeError);
    expect(() => define(members)).toThrow(sentence);
  });

  it("nothing at all", () => {
    expect(() => defineProcessor(undefined as unknown as ProcessorDefinition<unknown>)).toThrow(
      "defineProcessor takes an object",
    );
  });
});

describe("a check that JSON Schema cannot say", () => {
  const odd = z.string().refine((text) => text.length % 2 === 1);
  const schemaOf = (params: z.ZodType) => define({ params }).paramsSchema;

  it.each<readonly [string, z.ZodType, string]>([
    ["of a param", z.object({ zone: odd }), "params.zone"],
    [
      "of a param that has a default and a description",
      z.object({ zone: odd.default("a").describe("x") }),
      "params.zone",
    ],
    ["within a list", z.object({ rules: z.array(z.object({ zone: odd })) }), "params.rules.items.zone"],
    ["of all params together", z.object({ a: z.int() }).refine(() => true), "params"],
    ["made with superRefine", z.object({ zone: z.string().superRefine(() => {}) }), "params.zone"],
    ["made with stringFormat", z.object({ zone: z.stringFormat("odd", () => true) }), "params.zone"],
    [
      "with a format that the api does not know",
      z.object({ zone: odd.meta({ format: "odd" }) }),
      "params.zone",
    ],
  ])("is refused with what to do: one %s", (_, params, named) => {
    expect(() => schemaOf(params)).toThrow(TypeError);
    expect(() => schemaOf(params)).toThrow(`Processor noop: ${named}: a check made with refine()`);
    expect(() => schemaOf(params)).toThrow("checkedInRun: true");
  });

  it("is taken when its meta says the same in JSON Schema, or that it is checked when the job runs", () => {
    const params = z.object({
      zone: odd.meta({ format: "iana-time-zone" }).optional(),
      code: odd.optional().meta({ pattern: "^(..)*.$" }).describe("An odd code"),
      late: odd.meta({ checkedInRun: true }).default("a"),
    });
    expect(schemaOf(params)["properties"]).toMatchObject({
      zone: { type: "string", format: "iana-time-zone" },
      code: { type: "string", pattern: "^(..)*.$", description: "An odd code" },
      late: { type: "string", checkedInRun: true, default: "a" },
    });
  });

  it("is not what schemas have of their own: bounds, patterns, trimming, transforms", () => {
    const params = z.strictObject({
      name: z.string().trim().min(1).max(5).regex(/a/),
      mail: z.email().optional(),
      rows: z.int().min(1).multipleOf(5).default(5),
      list: z.string().transform((text) => text.split(",")),
    });
    expect(Object.keys(schemaOf(params)["properties"] as object)).toEqual(["name", "mail", "rows", "list"]);
  });
});
