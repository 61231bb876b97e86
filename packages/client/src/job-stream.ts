import {
  type EventFilter,
  JobList as JobListShape,
  JobLogEvent,
  JobProgressEvent,
  Job as JobShape,
  JobStatusEvent,
  type Open,
  reading,
} from "@drover/contract";
import { resumingMessages } from "./event-connection.js";
import type { Job, Server } from "./request.js";

/** What happens to a job: how far it is, what its processor says, and last how it ended. */
export type JobEvent =
  | ({ readonly type: "progress" } & Open<JobProgressEvent>)
  | ({ readonly type: "log" } & Open<JobLogEvent>)
  | ({ readonly type: "status" } & Open<JobStatusEvent>)
  | { readonly type: "ended"; readonly job: Job };

/** What a stream tells of a job: how it stands, what happens, and last how it ended. */
export type JobStreamEvent = JobEvent | { readonly type: "snapshot"; readonly job: Job };

/** What a stream tells of many jobs: the newest ones as they stand, then what happens to each. */
export type JobsStreamEvent = JobEvent | { readonly type: "snapshot"; readonly jobs: readonly Job[] };

export interface StreamOptions {
  /** Give up after this long without one good answer, in ms. Default 5 min. */
  readonly giveUpAfterMs?: number;
  readonly signal?: AbortSignal;
}

const GIVE_UP_AFTER_MS = 300_000;

/**
 * Tells what happens to a job until it has ended. A connection that breaks, or is silent for 45 s, is made
 * again and goes on where it broke off. Events that this version does not know are passed over.
 */
export async function* streamJob(
  server: Server,
  jobId: string,
  { giveUpAfterMs = GIVE_UP_AFTER_MS, signal }: StreamOptions = {},
): AsyncGenerator<JobStreamEvent> {
  const call = { params: { job_id: jobId }, giveUpAfterMs, signal };
  for await (const { message, connection } of resumingMessages(server, "streamJob", call)) {
    const told = readJobEvent(message, connection);
    if (told !== undefined) yield told;
    if (told?.type === "ended") return;
  }
}

/** Tells what happens to all jobs that match, as `streamJob` does of one; does not end by itself. */
export async function* streamJobs(
  server: Server,
  filter: EventFilter,
  { giveUpAfterMs = GIVE_UP_AFTER_MS, signal }: StreamOptions = {},
): AsyncGenerator<JobsStreamEvent> {
  const call = { query: filter, giveUpAfterMs, signal };
  for await (const { message, connection } of resumingMessages(server, "streamJobs", call)) {
    const told = readMessage(message, connection, (value): JobsStreamEvent => {
      return { type: "snapshot", jobs: Shapes.jobs.parse(value).jobs };
    });
    if (told !== undefined) yield told;
  }
}

/** One message as it comes. */
interface Message {
  readonly event?: string | undefined;
  readonly data: string;
}

interface Source {
  /** The error for a message that no Drover server sends. */
  unexpected(text: string, cause: unknown): Error;
}

/**
 * What a message of one job's stream tells; `undefined` for an event that this version does not know.
 * @throws what `source` makes of a message of another shape.
 */
export function readJobEvent(message: Message, source: Source): JobStreamEvent | undefined {
  return readMessage(message, source, (value): JobStreamEvent => {
    return { type: "snapshot", job: Shapes.job.parse(value) };
  });
}

const Shapes = {
  job: reading(JobShape),
  jobs: reading(JobListShape),
  progress: reading(JobProgressEvent),
  log: reading(JobLogEvent),
  status: reading(JobStatusEvent),
};

function readMessage<Snapshot>(
  { event, data }: Message,
  source: Source,
  snapshotOf: (value: unknown) => Snapshot,
): JobEvent | Snapshot | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return event === "snapshot" ? snapshotOf(value) : eventOf(event, value);
  } catch (cause) {
    throw source.unexpected(data, cause);
  }
}

function eventOf(event: string | undefined, value: unknown): JobEvent | undefined {
  switch (event) {
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
