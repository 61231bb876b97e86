import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type CommandDefinition, defineCommand, type Processor } from "@drover/processor-sdk";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";

const text = z.string().min(1);
const meaning = z.discriminatedUnion("outcome", [
  z.strictObject({ outcome: z.literal("completed") }),
  z.strictObject({ outcome: z.literal("input_invalid"), message: text.optional() }),
  z.strictObject({ outcome: z.literal("failed"), message: text.optional() }),
  z.strictObject({
    outcome: z.literal("try_later"),
    after_ms: z
      .int()
      .min(0)
      .max(24 * 3_600_000),
    message: text.optional(),
  }),
]);

/** What a command file may say: the members of `CommandDefinition`, in snake_case. */
const FILE = z.strictObject({
  name: text,
  version: text,
  description: text,
  accepts: z
    .strictObject({ extensions: z.array(text).optional(), media_types: z.array(text).optional() })
    .optional(),
  limits: z
    .strictObject({
      max_input_bytes: z.int().min(1).optional(),
      timeout_ms: z.int().min(1).optional(),
      max_rss_bytes: z.int().min(1).optional(),
      max_attempts: z.int().min(1).max(20).optional(),
    })
    .optional(),
  /** JSON Schema (2020-12) of an object. */
  params: z.record(z.string(), z.unknown()).optional(),
  command: text,
  args: z.array(z.union([z.string(), z.array(z.string())])).optional(),
  env: z.record(z.string(), z.string()).optional(),
  pass_env: z.array(text).optional(),
  working_folder: z.enum(["scratch", "definition"]).optional(),
  exit_codes: z.record(z.string(), meaning).optional(),
  primary: text.optional(),
  media_types: z.record(z.string(), text).optional(),
});

/** Thrown for a file that defines no processor: says where, what was expected and what came. */
export class CommandFileError extends Error {
  override readonly name = "CommandFileError";
}

/**
 * The processor that a YAML file defines.
 * @throws `CommandFileError` with the place of each mistake.
 */
export async function readCommandFile(path: string): Promise<Processor> {
  const lines = new LineCounter();
  const document = parseDocument(await readFile(path, "utf8"), { lineCounter: lines, prettyErrors: false });
  const place = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${basename(path)}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) throw new CommandFileError(`${place(broken.pos[0])}: ${broken.message}`);
  const parsed = FILE.safeParse(document.toJS());
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => {
      const member = issue.path.join(".") || "the file";
      return `${place(offsetOf(document, issue.path))}: ${member}: ${issue.message}`;
    });
    throw new CommandFileError(mistakes.join("\n"));
  }
  return define(path, parsed.data, (member) => place(offsetOf(document, [member])));
}

/** Of the innermost part of the path that the document has. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const found: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(found)) return found.range?.[0];
  }
  return undefined;
}

function define(path: string, file: z.output<typeof FILE>, place: (member: string) => string): Processor {
  const schema: Readonly<Record<string, unknown>> = {
    type: "object",
    additionalProperties: false,
    ...file.params,
  };
  let params: z.ZodType;
  try {
    params = z.fromJSONSchema(schema);
  } catch (error) {
    throw new CommandFileError(`${place("params")}: params: ${messageOf(error)}`, { cause: error });
  }
  try {
    const processor = defineCommand({ ...definitionOf(file, dirname(path)), params });
    // As it was written: descriptions and all.
    return file.params === undefined ? processor : { ...processor, paramsSchema: schema };
  } catch (error) {
    const member = ["command", "args", "params", "exit_codes"].find((name) =>
      messageOf(error).includes(name),
    );
    throw new CommandFileError(`${place(member ?? "name")}: ${messageOf(error)}`, { cause: error });
  }
}

function definitionOf(file: z.output<typeof FILE>, folder: string): CommandDefinition<unknown> {
  const { accepts = {}, limits = {}, exit_codes: codes = {} } = file;
  return withoutAbsent({
    ...{ name: file.name, version: file.version, description: file.description, folder },
    accepts: withoutAbsent({ extensions: accepts.extensions, mediaTypes: accepts.media_types }),
    limits: withoutAbsent({
      maxInputBytes: limits.max_input_bytes,
      timeoutMs: limits.timeout_ms,
      maxRssBytes: limits.max_rss_bytes,
      maxAttempts: limits.max_attempts,
    }),
    ...{ command: file.command, args: file.args, env: file.env, passEnv: file.pass_env },
    workingFolder: file.working_folder,
    exitCodes: Object.fromEntries(
      Object.entries(codes).map(([code, value]) => [
        code,
        value.outcome === "try_later"
          ? withoutAbsent({ outcome: value.outcome, afterMs: value.after_ms, message: value.message })
          : withoutAbsent(value),
      ]),
    ),
    ...{ primary: file.primary, mediaTypes: file.media_types },
  });
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members that have a value: an absent one has a default of its own. */
function withoutAbsent<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
