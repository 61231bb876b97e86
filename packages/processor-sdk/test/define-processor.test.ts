import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineProcessor, InputInvalidError, type ProcessorDefinition, TryLaterError } from "../src/index.js";

const MINIMAL: ProcessorDefinition<unknown> = {
  name: "noop",
  version: "1.0.0",
  description: "Does nothing.",
  params: z.strictObject({}),
  run: async () => null,
};

describe("a processor's definition", () => {
  it("gets its defaults", () => {
    expect(defineProcessor(MINIMAL)).toMatchObject({
      name: "noop",
      accepts: { extensions: [], mediaTypes: [] },
      limits: {
        maxInputBytes: 2 * 1024 ** 3,
        timeoutMs: 1_800_000,
        maxRssBytes: 2 * 1024 ** 3,
        maxAttempts: 3,
      },
      inProcess: false,
    });
  });

  it("keeps what it says, and the default of each limit that it leaves out", () => {
    const accepts = { extensions: [".csv"], mediaTypes: ["text/csv"] };
    const limits = { timeoutMs: 5 };
    const processor = defineProcessor({ ...MINIMAL, accepts, limits, inProcess: true });
    expect(processor).toMatchObject({ accepts, limits: { timeoutMs: 5, maxAttempts: 3 }, inProcess: true });
  });

  it.each(["a", "moodle-log", "s3-to-s4", "x".repeat(64)])("may be called %s", (name) => {
    expect(defineProcessor({ ...MINIMAL, name }).name).toBe(name);
  });

  it.each([
    "",
    "Moodle",
    "moodle_log",
    "-a",
    "a-",
    "a--b",
    "9lives",
    "a b",
    "a/b",
    "ä",
    "x".repeat(65),
    "a\n",
  ])("may not be called %j", (name) => {
    expect(() => defineProcessor({ ...MINIMAL, name })).toThrow(/kebab-case.*got/s);
  });

  it.each([
    { timeoutMs: 0 },
    { timeoutMs: -1 },
    { maxInputBytes: 1.5 },
    { maxRssBytes: Number.NaN },
    { maxInputBytes: Number.POSITIVE_INFINITY },
    { maxAttempts: 0 },
    { maxAttempts: 21 },
  ])("may not limit to %j", (limits) => {
    expect(() => defineProcessor({ ...MINIMAL, limits })).toThrow(TypeError);
  });

  it("names variables that its process gets", () => {
    expect(defineProcessor({ ...MINIMAL, passEnv: ["MODEL_PATH"] }).passEnv).toEqual(["MODEL_PATH"]);
    for (const passEnv of [["A=b"], ["TESS*"], "PATH"])
      expect(() => defineProcessor({ ...MINIMAL, passEnv: passEnv as string[] })).toThrow(/passEnv/);
  });
});

describe("a processor's params", () => {
  const processor = defineProcessor({
    ...MINIMAL,
    params: z.strictObject({
      timezone: z.string().default("UTC"),
      rows: z.int().min(1).optional(),
    }),
  });

  it("get their defaults, also when nothing was sent", () => {
    for (const value of [{}, undefined, null]) {
      expect(processor.parseParams(value)).toEqual({ ok: true, params: { timezone: "UTC" } });
    }
    expect(processor.parseParams({ rows: 3 })).toEqual({ ok: true, params: { timezone: "UTC", rows: 3 } });
  });

  it.each([
    [{ timezone: 5 }, "timezone"],
    [{ rows: 0 }, "rows"],
    [{ zone: "UTC" }, "zone"],
    ["text", "object"],
  ])("are refused as %j, saying what is wrong", (value, named) => {
    expect(processor.parseParams(value)).toEqual({ ok: false, message: expect.stringContaining(named) });
  });

  it("are published as the schema of what a client sends, where a default makes a param optional", () => {
    expect(processor.paramsSchema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { timezone: { type: "string", default: "UTC" }, rows: { type: "integer", minimum: 1 } },
      additionalProperties: false,
    });
    expect(processor.paramsSchema["required"]).toBeUndefined();
  });
});

describe("the errors of a processor", () => {
  it("have names that survive the way to another process", () => {
    expect(new InputInvalidError("Row 12")).toMatchObject({ name: "InputInvalidError", message: "Row 12" });
    expect(new TryLaterError("soon", { afterMs: 5 })).toMatchObject({ name: "TryLaterError", afterMs: 5 });
  });

  it("ask for a wait between nothing and a day", () => {
    expect(new TryLaterError("", { afterMs: -5 }).afterMs).toBe(0);
    expect(new TryLaterError("", { afterMs: 1e12 }).afterMs).toBe(86_400_000);
  });
});
