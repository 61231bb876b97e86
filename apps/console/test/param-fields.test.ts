import { ProblemError } from "@drover/client";
import { describe, expect, it } from "vitest";
import { fieldsOf, paramProblems, paramsOf, valuesOf } from "../src/params/param-fields.js";

const SCHEMA = {
  type: "object",
  required: ["course"],
  properties: {
    course: { type: "string", title: "Course code", description: "As CS101" },
    timezone: { type: "string", format: "iana-time-zone" },
    year: { type: "integer", minimum: 1990, maximum: 2100 },
    anyCount: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
    case: { enum: ["user", "session"], default: "user" },
    exclude_staff: { type: "boolean", default: false },
    exclude_users: { type: "array", items: { type: "string" }, default: [] },
    rules: { type: "array", items: { type: "object" }, default: [] },
  },
};
const fields = fieldsOf(SCHEMA);
const fieldOf = (name: string) => fields.find((field) => field.name === name);

describe("a form of params", () => {
  it("has a field of the right kind for each param, in the order of the schema", () => {
    expect(fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "course text",
      "timezone text",
      "year number",
      "anyCount number",
      "case choice",
      "exclude_staff switch",
      "exclude_users lines",
      "rules json",
    ]);
    expect(fieldOf("course")).toMatchObject({ label: "Course code", help: "As CS101", isRequired: true });
    expect(fieldOf("anyCount")).toMatchObject({ label: "Any count", isRequired: false, min: undefined });
    expect(fieldOf("timezone")).toMatchObject({ suggestions: "time_zones" });
    expect(fieldOf("year")).toMatchObject({ min: 1990, max: 2100, isWhole: true, initial: "" });
  });

  it("stands for what was changed, in the types of the schema", () => {
    const values = {
      ...{ course: "CS101", year: "2024", case: "user", exclude_staff: true },
      ...{ exclude_users: "5\n\n Ana Silva \n", rules: '[{"a":1}]' },
    };
    const params = paramsOf(fields, values);
    expect(params).toEqual({
      ...{ course: "CS101", year: 2024, exclude_staff: true },
      ...{ exclude_users: ["5", "Ana Silva"], rules: [{ a: 1 }] },
    });
    expect(paramsOf(fields, valuesOf(fields, params))).toEqual(params);
    expect(paramsOf(fields, {})).toEqual({});
  });

  it("sends what is wrong as it is, for the server to say so", () => {
    expect(paramsOf(fields, { year: "soon", rules: "[{" })).toEqual({ year: "soon", rules: "[{" });
  });

  it("shows a refusal at the fields that it names", () => {
    const errors = [
      { path: "params.year", message: "must be integer" },
      { path: "params.rules.0.match", message: "is required" },
      { path: "params.colour", message: "is not a param of this processor" },
    ];
    const problem = { code: "invalid_params", detail: "The params do not fit.", errors };
    const refusal = new ProblemError(422, problem, undefined);
    const problems = paramProblems(
      refusal,
      fields.map(({ name }) => name),
    );
    expect(problems?.byField).toEqual(
      new Map([
        ["year", ["must be integer"]],
        ["rules", ["0.match: is required"]],
      ]),
    );
    expect(problems?.others).toEqual(["params.colour is not a param of this processor"]);
    expect(paramProblems(new ProblemError(404, { ...problem, code: "job_not_found" }, undefined), [])).toBe(
      undefined,
    );
  });
});
