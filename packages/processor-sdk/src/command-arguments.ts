import { InputInvalidError } from "./define-processor.js";

/** What the placeholders of one attempt stand for. */
export interface ArgumentValues {
  /** Paths of the input file, of the output folder and of the scratch folder. */
  readonly input: string;
  readonly output: string;
  readonly scratch: string;
  readonly filename: string;
  readonly media_type: string;
  readonly params: unknown;
}

/** One argument, or several that are left out together. */
export type CommandArgument = readonly (readonly Part[])[];

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly name: Exclude<keyof ArgumentValues, "params"> }
  /** All params as JSON, or the one that the path names; `text` in the place of a true one. */
  | { readonly kind: "param"; readonly path: readonly string[]; readonly text?: string };

const VALUES = ["input", "output", "scratch", "filename", "media_type"] as const;
const PLACEHOLDER = /\{\{|\{([^{}]*)\}|\{/g;

/**
 * Reads the arguments of a definition.
 * @param params names of the processor's params.
 * @throws `TypeError` naming the processor for what is no list of texts, and for a placeholder that there is
 *   not.
 */
export function readArguments(
  processor: string,
  args: readonly (string | readonly string[])[],
  params: readonly string[],
): readonly CommandArgument[] {
  if (!Array.isArray(args))
    throw new TypeError(`Processor ${processor}: args is a list of texts; got ${shown(args)}.`);
  return args.map((entry: unknown) => {
    const group: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
    return group.map((text) => {
      if (typeof text === "string") return readParts(processor, text, params);
      throw new TypeError(`Processor ${processor}: an argument is a text; got ${shown(text)}.`);
    });
  });
}

function readParts(processor: string, text: string, params: readonly string[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const addText = (piece: string) => {
    if (piece !== "") parts.push({ kind: "text", text: piece });
  };
  for (const match of text.matchAll(PLACEHOLDER)) {
    addText(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[0] === "{{") addText("{");
    else parts.push(readPlaceholder(processor, match[0], match[1], params));
  }
  addText(text.slice(at));
  return parts;
}

function readPlaceholder(
  processor: string,
  written: string,
  name: string | undefined,
  params: readonly string[],
): Part {
  const value = VALUES.find((known) => known === name);
  if (value !== undefined) return { kind: "value", name: value };
  if (name === "params") return { kind: "param", path: [] };
  const [, path, , text] = /^params\.([^?]+)(\?(.*))?$/s.exec(name ?? "") ?? [];
  const segments = path?.split(".") ?? [];
  if (segments[0] !== undefined && params.includes(segments[0]))
    return { kind: "param", path: segments, ...(text === undefined ? {} : { text }) };
  const known = [...VALUES, "params", ...params.map((param) => `params.${param}`)];
  throw new TypeError(
    `Processor ${processor}: there is no placeholder ${written}; there are ` +
      `${known.map((each) => `{${each}}`).join(", ")}. A brace by itself is written {{.`,
  );
}

/**
 * The arguments of one attempt. Those whose param is absent, `null` or (with a text) false are left out, and a
 * group as a whole.
 * @throws `InputInvalidError` for an argument that would begin with "-" because of a text that the client sent:
 *   the program would take it for an option. After an argument `--` it may.
 */
export function argumentsOf(args: readonly CommandArgument[], values: ArgumentValues): readonly string[] {
  const made: string[] = [];
  for (const group of args) {
    const texts = group.map((parts) => resolveParts(parts, values, made.includes("--")));
    if (!texts.includes(undefined)) made.push(...texts.filter((text) => text !== undefined));
  }
  return made;
}

function resolveParts(
  parts: readonly Part[],
  values: ArgumentValues,
  isPastOptions: boolean,
): string | undefined {
  const pieces = parts.map((part) => pieceOf(part, values));
  if (pieces.includes(undefined)) return undefined;
  const text = pieces.join("");
  const [first] = parts;
  if (text.startsWith("-") && !isPastOptions && first !== undefined && isFromClient(first, values)) {
    throw new InputInvalidError(`${nameOf(first)} may not begin with "-": ${text.slice(0, 50)}`);
  }
  return text;
}

/** Numbers may be negative; what an author wrote into the definition may be an option. */
function isFromClient(part: Part, values: ArgumentValues): boolean {
  if (part.kind === "value") return part.name === "filename" || part.name === "media_type";
  return part.kind === "param" && part.text === undefined && typeof paramOf(part.path, values) === "string";
}

function nameOf(part: Part): string {
  if (part.kind === "param") return `params.${part.path.join(".")}`;
  return part.kind === "value" ? part.name : part.text;
}

function pieceOf(part: Part, values: ArgumentValues): string | undefined {
  if (part.kind === "text") return part.text;
  if (part.kind === "value") return values[part.name];
  const value = paramOf(part.path, values);
  if (value === undefined || value === null) return undefined;
  if (part.text !== undefined) return value === false ? undefined : part.text;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function paramOf(path: readonly string[], { params }: ArgumentValues): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? Object.entries(value).find(([key]) => key === name)?.[1]
        : undefined,
    params,
  );
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
