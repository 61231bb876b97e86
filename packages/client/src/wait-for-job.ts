import { isTransient, ProblemError, UnexpectedAnswerError, UnreachableError } from "./client-errors.js";
import { openEvents } from "./event-connection.js";
import { readJobEvent } from "./job-stream.js";
import { callJson, type Job, retryTransient, type Server, sleep } from "./request.js";

export interface WaitOptions {
  /** Called with the job each time that something about it changes, the end included. */
  readonly onUpdate?: (job: Job) => void;
  /**
   * Give up after this long without one good answer, in ms. Default 5 min; the job itself may take as long as
   * it takes.
   */
  readonly giveUpAfterMs?: number;
  /**
   * A stream whose first event is not here after this long, as behind a proxy that holds events back, is left,
   * and the job is polled. In ms. Default 5,000.
   */
  readonly firstEventMs?: number;
  readonly signal?: AbortSignal;
}

/** Longest hold of one request; proxies commonly cut silent requests after 60 s. */
const HOLD_S = 30;
/** Least time from one poll to the next, also of a server that does not know `wait`, in ms. */
const POLL_MS = 500;
const FIRST_EVENT_MS = 5_000;
/** Streams that may break in a row, each before its first event, until the job is only polled. */
const BROKEN_STREAMS = 3;

/** A status that this version does not know is terminal when the job has a time of completion. */
const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

const isTerminal = (job: Job) => job.completed_at !== null || TERMINAL.includes(job.status);

/**
 * Returns the job once it is `completed`, `failed` or `cancelled`. Follows its stream; where that breaks, the
 * job is read and the stream opened anew; where there is none to be had, the job is polled.
 */
export async function waitForJob(server: Server, jobId: string, options: WaitOptions): Promise<Job> {
  let streamsLeft = BROKEN_STREAMS;
  for (let holdS = 0; ; holdS = streamsLeft > 0 || options.onUpdate !== undefined ? 1 : HOLD_S) {
    if (streamsLeft > 0) {
      const followed = await followStream(server, jobId, options);
      if (typeof followed === "object") return followed;
      if (followed === "none") streamsLeft = 0;
      else streamsLeft = followed === "broken" ? BROKEN_STREAMS : streamsLeft - 1;
    }
    const startedAt = performance.now();
    const job = await readJob(server, jobId, holdS, options);
    options.onUpdate?.(job);
    if (isTerminal(job)) return job;
    if (holdS > 0 || streamsLeft > 0) await sleep(POLL_MS - (performance.now() - startedAt), options.signal);
  }
}

/**
 * Follows the job's stream on one connection.
 * @returns the job when it has ended, else what became of the stream: `broken` after an event, `failed` before
 *   one, `none` where it is of no use to try again.
 * @throws what the server says of the job itself, and the signal's reason.
 */
async function followStream(
  server: Server,
  jobId: string,
  options: WaitOptions,
): Promise<Job | "broken" | "failed" | "none"> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), options.firstEventMs ?? FIRST_EVENT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
  let job: Job | undefined;
  try {
    const connection = await openEvents(server, "streamJob", { params: { job_id: jobId }, signal });
    if (connection === undefined) return "failed";
    for await (const sent of connection.messages) {
      clearTimeout(timer);
      const event = readJobEvent(sent, connection);
      if (event === undefined || event.type === "log") continue;
      if (event.type === "snapshot" || event.type === "ended") job = event.job;
      else if (event.type === "progress" && job !== undefined) {
        const { progress, stage, message, attempt } = event;
        job = { ...job, progress, stage, message, attempt };
      } else job = await readJob(server, jobId, 0, options);
      options.onUpdate?.(job);
      if (event.type === "ended") return job;
    }
    return job === undefined ? "failed" : "broken";
  } catch (error) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (late.signal.aborted) return "none";
    if (!isOfStream(error)) throw error;
    return isTransient(error) ? "failed" : "none";
  } finally {
    clearTimeout(timer);
  }
}

/** Whether it is the stream that fails: refused by an older server or a proxy, or out of reach. */
function isOfStream(error: unknown): boolean {
  if (error instanceof UnexpectedAnswerError || error instanceof UnreachableError) return true;
  const isUnknown = ["route_not_found", "method_not_allowed"];
  return error instanceof ProblemError && (error.status >= 500 || isUnknown.includes(error.code));
}

function readJob(
  server: Server,
  jobId: string,
  holdS: number,
  { giveUpAfterMs = 300_000, signal }: WaitOptions,
): Promise<Job> {
  return retryTransient({ giveUpAfterMs, signal }, () =>
    callJson(server, "getJob", {
      params: { job_id: jobId },
      query: { wait: holdS },
      signal,
      timeoutMs: (holdS + 30) * 1000,
    }),
  );
}
