import type { Accepts, ProcessorDefinition } from "./processor-types.js";

/**
 * TypeScript sees most of it; JavaScript none.
 * @throws `TypeError`, naming the processor, unless the definition has what every processor needs.
 */
export function assertDefinition(definition: Partial<ProcessorDefinition<unknown>>): void {
  if (typeof definition !== "object" || definition === null) {
    throw new TypeError(
      `defineProcessor takes an object with name, version, params and run; got ${shown(definition)}.`,
    );
  }
  const { name, version, description, params, run } = definition;
  if (typeof name !== "string" || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 64) {
    throw new TypeError(
      `A processor's name is kebab-case and at most 64 characters, as "moodle-log"; got ${shown(name)}.`,
    );
  }
  const expect = (isFine: boolean, member: string, expected: string, got: unknown): void => {
    if (!isFine) throw new TypeError(`Processor ${name}: ${member} is ${expected}; got ${shown(got)}.`);
  };
  expect(isText(version), "version", 'the version of its behaviour, as "1.0.0"', version);
  expect(isText(description), "description", "one sentence for the catalogue", description);
  expect(typeof run === "function", "run", "the function that does the work of one attempt", run);
  const isSchema = typeof params === "object" && params !== null && "_zod" in params && "safeParse" in params;
  expect(isSchema, "params", "a schema of zod 4, as z.strictObject({}) for none", params);
}

/**
 * The lists of an `accepts` as the api compares them.
 * @throws `TypeError` for an entry that is no ending or no media type.
 */
export function acceptedBy(processor: string, accepts: Accepts = {}): Required<Accepts> {
  assertKnown(processor, "accepts", accepts, ["extensions", "mediaTypes"]);
  return {
    extensions: listOf(processor, "extensions", accepts.extensions).map((text) => endingOf(processor, text)),
    mediaTypes: listOf(processor, "mediaTypes", accepts.mediaTypes).map((text) =>
      mediaTypeOf(processor, text),
    ),
  };
}

/** Throws `TypeError` for a member that there is not: a misspelt one would silently be the default. */
export function assertKnown(
  processor: string,
  member: string,
  value: object,
  names: readonly string[],
): void {
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Processor ${processor}: there is no ${member}.${name}; there are ${names.join(", ")}.`,
    );
  }
}

function listOf(processor: string, member: string, value: unknown = []): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new TypeError(`Processor ${processor}: accepts.${member} is a list of texts; got ${shown(value)}.`);
}

/** `csv`, `.CSV` and `*.csv` all mean `.csv`. */
function endingOf(processor: string, text: string): string {
  const ending = `.${text
    .trim()
    .toLowerCase()
    .replace(/^\*?\.?/, "")}`;
  if (/^(\.[^\s./\\*?"<>|:]+)+$/u.test(ending)) return ending;
  throw new TypeError(
    `Processor ${processor}: accepts.extensions holds endings of file names, as ".csv"; got "${text}". ` +
      "Leave the list out for any file.",
  );
}

/** RFC 6838, section 4.2: names of letters, digits and some signs. Parameters, as a charset, do not count. */
const MEDIA_TYPE = /^(\*\/\*|[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*))$/;

function mediaTypeOf(processor: string, text: string): string {
  const type = (text.split(";")[0] ?? "").trim().toLowerCase();
  if (MEDIA_TYPE.test(type)) return type;
  throw new TypeError(
    `Processor ${processor}: accepts.mediaTypes holds media types, as "text/csv", "image/*" or "*/*"; ` +
      `got "${text}".`,
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
