import type { RunMessage } from "./messages.js";

/** The longest wait for the spans of an attempt to leave, in ms. */
const FLUSH_MS = 1_000;

/**
 * Where the API of OpenTelemetry keeps what an SDK of its major version registered; of the API alone there is
 * nothing. Its `internal/global-utils` says so: copies of the API in one process find each other by it.
 */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/** Whether the operator loaded an SDK into this process. To load the API takes 30 ms of a child's start. */
function hasSdk(): boolean {
  return REGISTERED in globalThis;
}

/** Runs an attempt where its span is the active one, if this process has an SDK that knows of active spans. */
export async function inTraceOf<Result>(
  { trace }: Pick<RunMessage, "trace">,
  attempt: () => Promise<Result>,
): Promise<Result> {
  if (trace === undefined || !hasSdk()) return attempt();
  const { inRemoteContext } = await import("@drover/tracing");
  return inRemoteContext(trace, attempt);
}

/**
 * Has the SDK send the spans of the attempt that is over, for up to a second: the process may be killed at any
 * time from then on, and a batch that waits to be sent would count as left behind by the attempt.
 */
export async function flushTraces(): Promise<void> {
  if (!hasSdk()) return;
  const { flushSpans } = await import("@drover/tracing");
  await flushSpans(FLUSH_MS);
}
