import {
  JobLogEvent,
  JobProgressEvent,
  Job as JobShape,
  JobStatusEvent,
  type Open,
  reading,
} from "@drover/contract";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { UnexpectedAnswerError } from "./client-errors.js";
import { type Job, lostAnswer, retryTransient, type Server, send, sleep, urlOf } from "./request.js";

/** What a stream tells of a job: how it stands, what happens, and last how it ended. */
export type JobStreamEvent =
  | { readonly type: "snapshot" | "ended"; readonly job: Job }
  | ({ readonly type: "progress" } & Open<JobProgressEvent>)
  | ({ readonly type: "log" } & Open<JobLogEvent>)
  | ({ readonly type: "status" } & Open<JobStatusEvent>);

export interface StreamOptions {
  /** Give up after this long without one good answer, in ms. Default 5 min. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** Pause before a stream that ended before its job did is asked for again, in ms. */
const PAUSE_MS = 500;

/**
 * Tells what happens to a job until it has ended. A connection that breaks is made again and goes on where it
 * broke off. Events that this version does not know are passed over.
 */
export async function* streamJob(
  server: Server,
  jobId: string,
  { giveUpAfterMs = 300_000, signal }: StreamOptions = {},
): AsyncGenerator<JobStreamEvent> {
  for (let lastId: string | undefined; ; ) {
    const headers = { accept: "text/event-stream", "last-event-id": lastId };
    const call = { params: { job_id: jobId }, headers, signal };
    const response = await retryTransient({ giveUpAfterMs, signal }, () => send(server, "streamJob", call));
    if (response.status === 204 || response.body === null) return;
    if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
      const text = await response.text();
      throw new UnexpectedAnswerError(response, { url: urlOf(server, "streamJob", call), text });
    }
    for await (const { event, data, id } of eventsOf(response.body, signal)) {
      lastId = id ?? lastId;
      const told = readEvent(event, data);
      if (told !== undefined) yield told;
      if (told?.type === "ended") return;
    }
    await sleep(PAUSE_MS, signal);
  }
}

/**
 * The events of a body, up to where it ends or the connection breaks.
 * @throws the signal's reason when it aborts.
 */
async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventSourceMessage> {
  const text = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  const reader = text.pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (;;) {
      const step = await reader.read().catch((error: unknown) => {
        if (signal?.aborted === true) throw lostAnswer(error, signal, "");
      });
      if (step === undefined || step.done) return;
      yield step.value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // it broke, or was aborted
  }
}

const Shapes = {
  job: reading(JobShape),
  progress: reading(JobProgressEvent),
  log: reading(JobLogEvent),
  status: reading(JobStatusEvent),
};

function readEvent(event: string | undefined, data: string): JobStreamEvent | undefined {
  const value: unknown = JSON.parse(data);
  switch (event) {
    case "snapshot":
      return { type: "snapshot", job: Shapes.job.parse(value) };
    case "progress":
      return { type: "progress", ...Shapes.progress.parse(value) };
    case "log":
      return { type: "log", ...Shapes.log.parse(value) };
    case "status": {
      // The last one is the job itself.
      const job = Shapes.job.safeParse(value);
      return job.success
        ? { type: "ended", job: job.data }
        : { type: "status", ...Shapes.status.parse(value) };
    }
    default:
      return undefined;
  }
}
