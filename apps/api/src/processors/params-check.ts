import { DomainError, type ErrorDetail, type ProcessorInfo } from "@drover/core";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** Throws `invalid_params`, naming each wrong member, when the params do not fit the processor's schema. */
export type ParamsCheck = (
  processor: Pick<ProcessorInfo, "name" | "paramsSchema">,
  params: Readonly<Record<string, unknown>>,
) => void;

/** A check that compiles each processor's schema once, and again when a worker announces another one. */
export function createParamsCheck(): ParamsCheck {
  const compiled = new Map<string, { readonly text: string; readonly validate: ValidateFunction }>();
  const validatorOf: (processor: Parameters<ParamsCheck>[0]) => ValidateFunction = (processor) => {
    const text = JSON.stringify(processor.paramsSchema);
    const known = compiled.get(processor.name);
    if (known?.text === text) return known.validate;
    const validate = compile(processor.paramsSchema);
    compiled.set(processor.name, { text, validate });
    return validate;
  };
  return (processor, params) => {
    const validate = validatorOf(processor);
    if (validate(params)) return;
    const errors = (validate.errors ?? []).map(describe);
    throw new DomainError("invalid_params", `The params do not fit ${processor.name}: ${summary(errors)}`, {
      errors,
    });
  };
}

function compile(schema: Readonly<Record<string, unknown>>): ValidateFunction {
  // An instance of its own for each schema: schemas that carry one `$id` do not clash. Not strict, because a
  // processor's schema may hold keywords for people; quiet, because the library would write to the console.
  const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false, verbose: true });
  addFormats.default(ajv);
  ajv.addFormat("iana-time-zone", isTimeZone);
  try {
    return ajv.compile(schema);
  } catch {
    return ajv.compile({}); // no schema at all: refuses nothing here; the worker parses the params again
  }
}

function describe(error: ErrorObject): ErrorDetail {
  const { missingProperty, additionalProperty, allowedValues } = error.params as Record<string, unknown>;
  const member = missingProperty ?? additionalProperty;
  const path = ["params", ...error.instancePath.split("/").slice(1).map(unescapePointer)];
  if (typeof member === "string") path.push(member);
  const message =
    missingProperty !== undefined
      ? "is required"
      : additionalProperty !== undefined
        ? "is not a param of this processor"
        : Array.isArray(allowedValues)
          ? `must be one of ${allowedValues.map((value) => JSON.stringify(value)).join(", ")}`
          : (expectationOf(error) ?? error.message ?? "is not valid");
  return { path: path.join("."), message };
}

/**
 * What a person can read in place of a regular expression or the name of a format: the param's own
 * description.
 */
function expectationOf({ keyword, parentSchema }: ErrorObject): string | undefined {
  const description: unknown = parentSchema?.["description"];
  const isTechnical = keyword === "pattern" || keyword === "format";
  return isTechnical && typeof description === "string" ? `does not fit. It is: ${description}` : undefined;
}

/**
 * Whether this runtime knows a time zone of this name. Asked again for each value: there are too many for a
 * list in the schema.
 */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** RFC 6901, section 4. */
function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function summary(errors: readonly ErrorDetail[]): string {
  return errors.map(({ path, message }) => `${path} ${message}`).join("; ");
}
