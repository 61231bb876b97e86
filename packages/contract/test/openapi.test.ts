import { describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode, Job, openApi, Problem, type Route, routes } from "../src/index.js";

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: FormSchema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly examples?: object }>> }>
  >;
}

interface FormSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

const PROCESSOR = {
  name: "p",
  description: "Does P.",
  params_schema: { $schema: "x", type: "object" },
  accepts: { extensions: [".csv"], media_types: [] },
};
const document = openApi({
  version: "1.2.3",
  processors: [PROCESSOR],
  baseUrl: "https://here.example",
}) as unknown as Document;
const text = JSON.stringify(document);
const table = Object.entries<Route>(routes);
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe("the OpenAPI document", () => {
  it("is version 3.1 and has an operation for each route, and for each processor's submit", () => {
    expect(document.openapi).toBe("3.1.0");
    const names = [...table.map(([name]) => name), "submitJob-p"];
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(names.sort());
  });

  it("refers only to components that it has", () => {
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references)
      expect(document).toHaveProperty(reference.replace("#/", "").split(/\/(?!.*\/)|\//));
  });

  it("defines each schema, none by a reference to itself", () => {
    expect(document.components.schemas["Problem"]).toMatchObject({ properties: { code: {} } });
    for (const schema of Object.values(document.components.schemas))
      expect(schema).not.toHaveProperty("$ref");
  });

  it("names every refusal of a route by its status, as a problem document", () => {
    const responses = document.paths["/api/jobs/{job_id}/cancel"]?.["post"]?.responses;
    expect(Object.keys(responses ?? {}).sort()).toEqual([
      "200",
      "202",
      "400",
      "401",
      "403",
      "404",
      "409",
      "410",
      "429",
      "431",
      "500",
      "503",
    ]);
    expect(responses?.["404"]?.content).toHaveProperty(["application/problem+json"]);
  });

  it("leaves objects open: a client of an older server's document accepts what a newer one adds", () => {
    expect(document.components.schemas["Job"]).not.toHaveProperty("additionalProperties");
    expect(Job.safeParse({}).success).toBe(false);
  });

  it("documents the params of processors, without their dialect", () => {
    expect(document.components.schemas["params.p"]).toEqual({ type: "object", description: "Params of p." });
  });

  it("says nothing that helps no reader", () => {
    expect(text).not.toContain(String(Number.MAX_SAFE_INTEGER));
    expect(text).not.toContain("$defs");
    expect(text).not.toMatch(/"format":"date-time","pattern"/);
  });
});

describe("an example of a refusal", () => {
  const shown = operations.flatMap(({ responses }) =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      Object.keys(content?.["application/problem+json"]?.examples ?? {}).map((code) => ({ status, code })),
    ),
  );

  it("stands at every response that it can be, under its own status", () => {
    const codes = new Set(shown.map(({ code }) => code));
    const named = new Set(table.flatMap(([, route]) => route.errors));
    expect([...named].filter((code) => !codes.has(code))).toEqual([]);
    for (const { status, code } of shown) expect(String(ERRORS[code as ErrorCode].status)).toBe(status);
  });

  it("is a problem document with the catalogue's title, and says something", () => {
    for (const [code, { value }] of Object.entries(document.components.examples)) {
      const problem = Problem.parse(value);
      expect(problem).toMatchObject({ code, ...ERRORS[code as ErrorCode] });
      expect(problem.detail).toMatch(/^\S.{10,}[^ ]$/);
    }
  });
});

describe("the submit of one processor", () => {
  const submit = document.paths["/api/processors/p/jobs"]?.["post"];

  it("has the processor in its path, what it does and takes, and its own params in the form", () => {
    expect(submit?.description).toMatch(/^Does P\.\n\nAccepts `\.csv`\./);
    expect(submit?.parameters.map(({ name }) => name)).toEqual(["idempotency-key", "prefer"]);
    const form = submit?.requestBody?.content["multipart/form-data"]?.schema;
    expect(form?.properties["params"]).toEqual({ $ref: "#/components/schemas/params.p" });
    expect(form?.required).toEqual(["file"]);
  });

  it("leaves the operation of all processors as it was", () => {
    const all = document.paths["/api/processors/{processor}/jobs"]?.["post"];
    const params = all?.requestBody?.content["multipart/form-data"]?.schema.properties["params"];
    expect(params).toEqual({ $ref: "#/components/schemas/Params" });
    expect(all?.tags).toEqual(["Jobs"]);
  });

  it("is in a group that comes first, and is not there without processors", () => {
    expect(document.tags[0]?.name).toBe("Submit");
    const { tags } = openApi({ version: "1.2.3" }) as unknown as Document;
    expect(tags.map(({ name }) => name)).not.toContain("Submit");
  });
});

describe("the introduction", () => {
  const blocks = [...document.info.description.matchAll(/^```(\w+)\n(.*?)^```/gms)];

  it("has a first job in three languages, for the server that it is of and a file that it takes", () => {
    const jobs = blocks.slice(0, 3).map(([, language, code = ""]) => ({ language, code }));
    expect(jobs.map(({ language }) => language)).toEqual(["sh", "ts", "python"]);
    for (const { code } of jobs)
      for (const part of ["https://here.example", "hello.csv", "DROVER_API_KEY"])
        expect(code).toContain(part);
  });

  it("shows a refusal as one is", () => {
    expect(Problem.parse(JSON.parse(blocks.at(-1)?.[2] ?? ""))).toMatchObject({ code: "invalid_params" });
  });

  it("speaks of any server and of checksum where nothing is known", () => {
    const { info } = openApi({ version: "1.2.3" }) as unknown as Document;
    expect(info.description).toContain("http://127.0.0.1:8000");
    expect(info.description).toContain("/api/processors/checksum/jobs");
  });
});
