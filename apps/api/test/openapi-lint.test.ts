import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectralCore, { type RulesetDefinition } from "@stoplight/spectral-core";
import spectralRulesets from "@stoplight/spectral-rulesets";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CSV, startApi, type TestApi } from "./test-api.js";

// The libraries that the commands `redocly lint` and `spectral lint` run, at what these use when nothing is
// configured.

/** Params as zod spells them when a part is used twice, and when one holds itself. */
const NESTED = {
  ...CSV,
  name: "nested-params",
  paramsSchema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { rule: { $ref: "#/$defs/rule" }, other: { $ref: "#/$defs/rule" }, more: { $ref: "#" } },
    $defs: { rule: { type: "string" } },
  },
};

let api: TestApi;
let source: string;
beforeEach(async () => {
  api = await startApi({ processors: [CSV, NESTED] });
  source = await (await fetch(`${api.url}/openapi.json`)).text();
});
afterEach(() => api.close());

describe("the served OpenAPI document", () => {
  it("has neither error nor warning by the rules of redocly", async () => {
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
      [],
    );
  });

  it("has neither error nor warning by the rules of spectral", async () => {
    const spectral = new spectralCore.Spectral();
    const oas: unknown = spectralRulesets.oas; // its types and the core's are of two minds
    spectral.setRuleset({ extends: oas as RulesetDefinition });
    const problems = await spectral.run(JSON.parse(source) as Record<string, unknown>);
    expect(problems.map(({ code, message, path }) => [code, message, path.join("/")])).toEqual([]);
  });
});
