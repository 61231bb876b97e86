import { type JobWebhook as SentWebhook, SubmitFields } from "@drover/contract";
import {
  DomainError,
  type ErrorDetail,
  type JobRequest,
  type JobWebhook,
  MAX_REQUEST_BYTES,
  type ProcessorInfo,
  type ReceiverPolicy,
  refusalOfReceiver,
  type TraceContext,
  WEBHOOK_EVENTS,
} from "@drover/core";
import type { Deps } from "../deps.js";
import { assertPlainJson } from "../http/plain-json.js";
import { issuesOf } from "../http/problem.js";
import type { Upload, UploadedName } from "../uploads/upload.js";
import { fingerprintOf, jobIdOfKey } from "./idempotency.js";

/**
 * Throws `file_type_not_accepted` unless the file's ending or its media type is one that the processor takes.
 */
export function assertAccepted(processor: ProcessorInfo, file: UploadedName): void {
  const { extensions, mediaTypes } = processor.accepts;
  if (extensions.length === 0 && mediaTypes.length === 0) return;
  const name = file.filename.toLowerCase();
  const parts = file.mediaType.split("/");
  const isTaken = (type: string) =>
    type.split("/").every((wanted, index) => wanted === "*" || wanted === parts[index]);
  if (extensions.some((ending) => name.endsWith(ending)) || mediaTypes.some(isTaken)) return;
  const wanted = [...extensions, ...mediaTypes].join(", ");
  throw new DomainError(
    "file_type_not_accepted",
    `${processor.name} accepts ${wanted}; got "${file.filename}" as ${file.mediaType}.`,
  );
}

/** What is known of a submit before its upload is read. */
export interface JobDraft {
  readonly processor: ProcessorInfo;
  /** Where the uploaded file is stored. */
  readonly inputKey: string;
  readonly idempotencyKey: string | undefined;
  /** Of the submitting request, for the log. */
  readonly requestId: string;
}

/**
 * The job that an upload asks for.
 * @throws `file_empty`, `invalid_request`, `invalid_params`.
 */
export function requestOf(upload: Upload, draft: JobDraft, deps: Deps): JobRequest {
  const { processor, inputKey, idempotencyKey, requestId } = draft;
  if (upload.file.sizeBytes === 0) throw new DomainError("file_empty", "The file has no bytes.");
  const fields = readFields(upload.fields, processor, deps.receivers);
  deps.checkParams(processor, fields.params);
  const asked = {
    tenant: deps.tenant,
    processor: processor.name,
    input: { key: inputKey, ...upload.file },
    maxAttempts: processor.limits.maxAttempts,
    createdAt: deps.now(),
    requestId,
    ...fields,
  };
  const request: JobRequest =
    idempotencyKey === undefined
      ? { id: deps.newJobId(), fingerprint: null, ...asked }
      : { id: jobIdOfKey(idempotencyKey, deps.tenant), fingerprint: fingerprintOf(asked), ...asked };
  assertSmall(request);
  return request;
}

/** Throws `invalid_request` when the request is too large for a queue entry. */
export function assertSmall(request: JobRequest): void {
  const bytes = sizeOf(request);
  if (bytes <= MAX_REQUEST_BYTES) return;
  throw new DomainError(
    "invalid_request",
    `params, tags and the file name come to ${bytes} bytes with the rest of the job; ` +
      `${MAX_REQUEST_BYTES} are possible. Put what is large into the file.`,
  );
}

/**
 * The request with the trace that it is part of. Where that does not fit into a queue entry beside what the
 * client asked for, less of it: no request is refused for its trace.
 */
export function withTrace(request: JobRequest, trace: TraceContext | undefined): JobRequest {
  if (trace === undefined) return request;
  const { traceparent } = trace;
  const fitting = [trace, { traceparent }].find(
    (known) => sizeOf({ ...request, trace: known }) <= MAX_REQUEST_BYTES,
  );
  return fitting === undefined ? request : { ...request, trace: fitting };
}

function sizeOf(request: JobRequest): number {
  const { webhook: _, ...kept } = request; // bounded by its own schema, and kept elsewhere
  return Buffer.byteLength(JSON.stringify(kept));
}

type Fields = Pick<
  JobRequest,
  "params" | "tags" | "priority" | "runAt" | "timeoutMs" | "queueTimeoutMs" | "webhook"
>;

/**
 * What a form's text fields say, defaults filled in.
 * @throws `invalid_request` naming each wrong field.
 */
function readFields(
  fields: Readonly<Record<string, string>>,
  processor: Pick<ProcessorInfo, "limits">,
  receivers: ReceiverPolicy,
): Fields {
  const parsed = SubmitFields.safeParse(decodeJson(fields));
  if (!parsed.success) throw wrongFields(issuesOf(parsed.error));
  const { params = {}, tags = {}, priority = 0, run_at, timeout_ms, queue_timeout_ms, webhook } = parsed.data;
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
    ...(webhook === undefined ? {} : { webhook: webhookOf(webhook, receivers) }),
  };
}

function webhookOf({ url, secret, events }: SentWebhook, receivers: ReceiverPolicy): JobWebhook {
  const message = refusalOfReceiver(url, receivers);
  if (message !== undefined) throw wrongFields([{ path: "webhook.url", message }]);
  const wanted = WEBHOOK_EVENTS.filter((event) => events?.includes(event) ?? true);
  return { url: new URL(url).href, secret, events: wanted };
}

const JSON_FIELDS: readonly string[] = ["params", "tags", "webhook"];

/** Fields that are no text travel as JSON; an empty field counts as absent, as a browser's form sends it. */
function decodeJson(fields: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const present = Object.entries(fields).filter(([, text]) => text.trim() !== "");
  return Object.fromEntries(
    present.map(([name, text]) => [name, JSON_FIELDS.includes(name) ? parseJson(name, text) : text]),
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
