import { SubmitFields } from "@drover/contract";
import { DomainError, type ErrorDetail, type JobRequest, type ProcessorInfo } from "@drover/core";
import { issuesOf } from "../issues.js";
import { assertPlainJson } from "../plain-json.js";

type Fields = Pick<JobRequest, "params" | "tags" | "priority" | "runAt" | "timeoutMs" | "queueTimeoutMs">;

/** What a form's text fields say, defaults filled in. Throws `invalid_request` naming each wrong field. */
export function readFields(
  fields: Readonly<Record<string, string>>,
  processor: Pick<ProcessorInfo, "limits">,
): Fields {
  const parsed = SubmitFields.safeParse(decodeJson(fields));
  if (!parsed.success) throw wrongFields(issuesOf(parsed.error));
  const { params = {}, tags = {}, priority = 0, run_at, timeout_ms, queue_timeout_ms } = parsed.data;
  if (timeout_ms !== undefined && timeout_ms > processor.limits.timeoutMs) {
    const message = `is at most the processor's own limit, ${processor.limits.timeoutMs}`;
    throw wrongFields([{ path: "timeout_ms", message }]);
  }
  return {
    params,
    tags,
    priority,
    runAt: run_at === undefined ? null : Date.parse(run_at),
    timeoutMs: timeout_ms ?? null,
    queueTimeoutMs: queue_timeout_ms ?? null,
  };
}

/** `params` and `tags` travel as JSON; an empty field counts as absent, as a browser's form sends it. */
function decodeJson(fields: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const present = Object.entries(fields).filter(([, text]) => text.trim() !== "");
  return Object.fromEntries(
    present.map(([name, text]) => [
      name,
      name === "params" || name === "tags" ? parseJson(name, text) : text,
    ]),
  );
}

function parseJson(name: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    assertPlainJson(value, name);
    return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw wrongFields([{ path: name, message: `is not JSON: ${error.message.slice(0, 200)}` }]);
  }
}

function wrongFields(errors: readonly ErrorDetail[]): DomainError {
  const summary = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  return new DomainError("invalid_request", `The form's fields are wrong: ${summary}`, { errors });
}
