import { z } from "zod";
import { acceptedBy, assertDefinition, assertKnown } from "./definition-check.js";
import { jsonSchemaOf } from "./params-schema.js";
import type { Context, Isolation, Limits, Processor, ProcessorDefinition } from "./processor-types.js";

const GIB = 1024 ** 3;
const DEFAULT_LIMITS = {
  maxInputBytes: 2 * GIB,
  timeoutMs: 30 * 60_000,
  maxRssBytes: 2 * GIB,
  maxAttempts: 3,
};

/**
 * Checks a definition and fills in its defaults.
 * @throws `TypeError`, naming the processor and what was expected, when a member is missing or of another
 *   kind, a limit is out of range, or the params cannot be told as JSON Schema.
 */
export function defineProcessor<Params>(definition: ProcessorDefinition<Params>): Processor {
  assertDefinition(definition);
  const limits = { ...DEFAULT_LIMITS, ...definition.limits };
  assertLimits(definition.name, limits);
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description,
    accepts: acceptedBy(definition.name, definition.accepts),
    limits,
    inProcess: definition.inProcess ?? false,
    isolation: isolationOf(definition),
    passEnv: variablesOf(definition),
    paramsSchema: jsonSchemaOf(definition.name, definition.params),
    parseParams(value) {
      const parsed = definition.params.safeParse(value ?? {});
      return parsed.success
        ? { ok: true, params: parsed.data }
        : { ok: false, message: z.prettifyError(parsed.error) };
    },
    run: (context) => definition.run(context as Context<Params>), // parseParams gave these params
  };
}

function isolationOf({
  name,
  isolation = "reuse",
}: Pick<ProcessorDefinition<never>, "name" | "isolation">): Isolation {
  if (isolation === "reuse" || isolation === "fresh") return isolation;
  throw new TypeError(
    `Processor ${name}: isolation is "fresh" or "reuse"; got ${JSON.stringify(isolation)}.`,
  );
}

function variablesOf({ name, passEnv = [] }: Pick<ProcessorDefinition<never>, "name" | "passEnv">) {
  const isVariable = (text: unknown) => typeof text === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
  if (Array.isArray(passEnv) && passEnv.every(isVariable)) return passEnv;
  throw new TypeError(
    `Processor ${name}: passEnv is a list of names of variables, as ["MODEL_PATH"]; got ${JSON.stringify(passEnv)}.`,
  );
}

function assertLimits(name: string, limits: Required<Limits>): void {
  assertKnown(name, "limits", limits, Object.keys(DEFAULT_LIMITS));
  for (const [limit, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(
        `Processor ${name}: limits.${limit} is a whole number of at least 1; got ${value}.`,
      );
    }
  }
  if (limits.maxAttempts > 20) {
    throw new TypeError(`Processor ${name}: limits.maxAttempts is at most 20; got ${limits.maxAttempts}.`);
  }
}

/**
 * The input can never work: the job fails at once and is not tried again. The message is read by the person
 * who uploaded the file.
 */
export class InputInvalidError extends Error {
  override readonly name = "InputInvalidError";
}

/** Something outside is not ready: the attempt failed, and the next one starts no earlier than `afterMs`. */
export class TryLaterError extends Error {
  override readonly name = "TryLaterError";
  /** ms, 0 to 24 h. */
  readonly afterMs: number;

  constructor(message: string, options: { readonly afterMs: number }) {
    super(message);
    this.afterMs = Math.min(Math.max(0, options.afterMs), 24 * 3_600_000);
  }
}
