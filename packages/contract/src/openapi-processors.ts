import { type Json, withRefs } from "./component-schemas.js";

/** A processor as the document describes it. */
export interface DocumentedProcessor {
  readonly name: string;
  readonly description: string;
  readonly params_schema: Readonly<Record<string, unknown>>;
  /** As in the catalogue. Default: any file. */
  readonly accepts?: { readonly extensions: readonly string[]; readonly media_types: readonly string[] };
}

/** The group of the operations below; there is none without processors. */
export const SUBMIT_GROUP = {
  name: "Submit",
  description: "One operation for each processor that this server knows, with the params that it takes.",
};

/** Each processor's schema as a component, and all of them as what `Params` may be. */
export function addParams(schemas: Json, processors: readonly DocumentedProcessor[]): void {
  for (const { name, params_schema } of processors) {
    const { $schema: _, ...schema } = params_schema;
    const own = `#/components/schemas/params.${name}`;
    const placed = withRefs(schema, (ref) => (ref.startsWith("#") ? own + ref.slice(1) : ref)) as Json;
    schemas[`params.${name}`] = { description: `Params of ${name}.`, ...placed };
  }
  const anyOf = processors.map(({ name }) => ({ $ref: `#/components/schemas/params.${name}` }));
  if (anyOf.length > 0) schemas["Params"] = { ...(schemas["Params"] as Json), anyOf };
}

/**
 * The operation that submits to one processor, by path: that of all processors with its own name in the path and
 * its own params in the form. OpenAPI matches a path without parameters before one that has some.
 * @param submit the operation of all processors, as the document has it.
 */
export function submitPaths(submit: Json, processors: readonly DocumentedProcessor[]): Json {
  return Object.fromEntries(
    processors.map((processor) => [
      `/api/processors/${encodeURIComponent(processor.name)}/jobs`,
      { post: submitTo(processor, submit) },
    ]),
  );
}

function submitTo(processor: DocumentedProcessor, submit: Json): Json {
  const { name, description } = processor;
  const parameters = submit["parameters"] as readonly Json[];
  return {
    ...submit,
    operationId: `submitJob-${name}`,
    tags: [SUBMIT_GROUP.name],
    summary: `Upload a file for ${name}.`,
    description: [description, acceptedBy(processor), paramList(processor), submit["description"]].join(
      "\n\n",
    ),
    parameters: parameters.filter((parameter) => parameter["in"] !== "path"),
    requestBody: withParamsOf(name, submit["requestBody"] as FormBody),
  };
}

/** What a processor takes, as a sentence. */
export function acceptedBy({ accepts }: DocumentedProcessor): string {
  const kinds = [...(accepts?.extensions ?? []), ...(accepts?.media_types ?? [])];
  if (kinds.length === 0) return "Accepts any file.";
  return `Accepts ${kinds.map((kind) => `\`${kind}\``).join(", ")}.`;
}

/** The params of a processor in Markdown, an entry each; their whole schema is in the form of its submit. */
function paramList({ name, params_schema }: DocumentedProcessor): string {
  const { properties = {} } = params_schema as { readonly properties?: Readonly<Record<string, Json>> };
  const entries = Object.entries(properties).map(([param, schema]) => {
    const { description, default: preset } = schema;
    const kind = [kindOf(schema), ...(preset === undefined ? [] : [`default \`${JSON.stringify(preset)}\``])];
    return `- \`${param}\` (${kind.join("; ")})${description === undefined ? "" : `: ${String(description)}`}`;
  });
  if (entries.length === 0) return `${name} takes no params.`;
  return `The field \`params\` is JSON with any of these:\n\n${entries.join("\n")}`;
}

/** Words of an enumeration as they stand, else the type. */
function kindOf({ type, enum: words }: Json): string {
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(", ");
  return typeof type === "string" ? type : "see the schema";
}

interface FormBody extends Json {
  readonly content: { readonly "multipart/form-data": { readonly schema: { readonly properties: Json } } };
}

function withParamsOf(name: string, body: FormBody): Json {
  const form = body.content["multipart/form-data"];
  const params = { $ref: `#/components/schemas/params.${name}` };
  const schema = { ...form.schema, properties: { ...form.schema.properties, params } };
  return { ...body, content: { "multipart/form-data": { ...form, schema } } };
}
