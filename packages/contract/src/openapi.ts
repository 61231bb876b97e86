import type { z } from "zod";
import { type Json, jsonSchema } from "./component-schemas.js";
import { introduction } from "./introduction.js";
import { addParams, type DocumentedProcessor, SUBMIT_GROUP, submitPaths } from "./openapi-processors.js";
import { problemExamples, refusals } from "./openapi-refusals.js";
import { Problem } from "./problem-document.js";
import { type Answer, GROUPS, type Route } from "./route-parts.js";
import { routes } from "./route-table.js";

export interface OpenApiOptions {
  /** Of the running software. */
  readonly version: string;
  /** Processors that are to have an operation of their own, with their params. Default none. */
  readonly processors?: readonly DocumentedProcessor[];
  /** Where examples send their requests, without a slash at its end. Default: a server on the reader's machine. */
  readonly baseUrl?: string;
}

/**
 * The OpenAPI 3.1 document of the route table, as plain JSON. Its description is an introduction for people. Schemas
 * with an `id` become components.
 */
export function openApi(options: OpenApiOptions): Json {
  const { version, processors = [], baseUrl = "http://127.0.0.1:8000" } = options;
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operation(name, route, schemas) });
  }
  jsonSchema(Problem, schemas); // named by every refusal
  addParams(schemas, processors);
  const submit = paths[routes.submitJob.path]?.["post"] as Json;
  Object.assign(paths, submitPaths(submit, processors));
  const groups = Object.entries(GROUPS).map(([name, description]) => ({ name, description }));
  return {
    openapi: "3.1.0",
    info: {
      title: "Drover",
      version,
      summary: "A durable HTTP job API in front of any file processor.",
      description: introduction({ baseUrl, processors }),
      contact: { name: "Whoever runs this server" },
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { api_key: [] }],
    tags: processors.length === 0 ? groups : [SUBMIT_GROUP, ...groups],
    paths,
    components: { schemas, examples: problemExamples(paths), securitySchemes: SECURITY_SCHEMES },
  };
}

/** The ways to say who asks. */
const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key, or a JWT of the issuer that the server trusts.",
  },
  api_key: { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key." },
  job_token: { type: "apiKey", in: "query", name: "token", description: "A token of this job." },
} satisfies Json;

/** What a route needs, where that is not what most of them do. */
function securityOf({ access, takesJobToken }: Route): Json {
  if (access === "anyone") return { security: [] };
  return takesJobToken === true ? { security: [{ bearer: [] }, { api_key: [] }, { job_token: [] }] } : {};
}

function operation(name: string, route: Route, schemas: Json): Json {
  return {
    operationId: name,
    tags: [route.group],
    summary: route.summary,
    description: route.description,
    ...securityOf(route),
    parameters: [
      ...parameters("path", route.params, schemas),
      ...parameters("query", route.query, schemas),
      ...parameters("header", route.headers, schemas),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.isRequired,
            content: { [route.body.mediaType]: { schema: jsonSchema(route.body.schema, schemas) } },
          },
        }),
    responses: { ...answers(route, schemas), ...refusals(route) },
  };
}

function parameters(
  place: "path" | "query" | "header",
  object: z.ZodObject | undefined,
  schemas: Json,
): Json[] {
  if (object === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(object, schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
    // A map in a query is exploded: its keys become names of their own.
    ...(schema["type"] === "object" ? { style: "form", explode: true } : {}),
  }));
}

function answers(route: Route, schemas: Json): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [status, response(answer, schemas)]),
  );
}

function response(answer: Answer, schemas: Json): Json {
  const headers = Object.entries(answer.headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: "string" } },
  ]);
  const content =
    answer.schema !== undefined
      ? { "application/json": { schema: jsonSchema(answer.schema, schemas) } }
      : answer.mediaType !== undefined
        ? { [answer.mediaType]: {} }
        : undefined;
  return {
    description: answer.description,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(content === undefined ? {} : { content }),
  };
}
