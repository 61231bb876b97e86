import { DEFAULT_PAGE_SIZE, type EventFilter } from "@drover/contract";
import { isTerminal, type Job, type JobChange, type JobId } from "@drover/core";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import type { SentEvent } from "../http/send-events.js";
import type { ChangeInbox } from "./change-inbox.js";
import { eventOf, follow } from "./events.js";
import { viewJob } from "./job-view.js";

/** Jobs of which it is remembered whether they match. */
const MAX_REMEMBERED = 10_000;

export const streamJobs: Handler<"streamJobs"> = async (input, deps) => {
  const filter = input.query;
  const known = (await deps.processors.list()).map(({ name }) => name);
  const processors = filter.processor === undefined ? known : [filter.processor];
  const told = decodePlaces(input.headers["last-event-id"]);
  const after = processors.map((processor) => told.get(processor));
  const { inbox, positions, areWhole, end } = await follow(processors, { after }, input.signal, deps);
  const isResumed = areWhole && !after.includes(undefined);
  const places = new Map(processors.map((name, i) => [name, (isResumed ? after : positions)[i] ?? ""]));
  const events = listEvents({ filter, inbox, places, isResumed }, deps);
  return { kind: "events", events, end };
};

interface ListStream {
  readonly filter: EventFilter;
  readonly inbox: ChangeInbox;
  /** Up to where was told of each processor's jobs. */
  readonly places: Map<string, string>;
  readonly isResumed: boolean;
}

async function* listEvents(stream: ListStream, deps: Deps): AsyncGenerator<SentEvent> {
  const { filter, inbox, places } = stream;
  if (!stream.isResumed) yield { event: "snapshot", data: await newestJobs(filter, deps) };
  const matches = matcherOf(filter, deps);
  for (let change = await inbox.next(); change !== undefined; change = await inbox.next()) {
    places.set(change.processor, change.position);
    if (change.type === "removed" || !(await matches(change.jobId))) continue;
    yield { ...(await eventOfMany(change, deps)), id: encodePlaces(places) };
  }
}

/** The end of a job is told with the job, as to those who follow it alone. */
async function eventOfMany(change: Exclude<JobChange, { type: "removed" }>, deps: Deps): Promise<SentEvent> {
  const event = eventOf(change);
  if (change.type !== "status" || !isTerminal(change.status)) return event;
  const job = await deps.queue.jobs.get(change.jobId);
  return job !== undefined && isTerminal(job.status) ? { ...event, data: viewJob(job, deps) } : event;
}

async function newestJobs({ processor, tag }: EventFilter, deps: Deps): Promise<unknown> {
  const { jobs, nextCursor } = await deps.queue.jobs.list({
    limit: DEFAULT_PAGE_SIZE,
    ...(processor === undefined ? {} : { processor }),
    ...(tag === undefined ? {} : { tags: tag }),
  });
  return { jobs: jobs.map((job) => viewJob(job, deps)), next_cursor: nextCursor };
}

/** Whether a job has the tags; they never change, so each job is read once. */
function matcherOf({ tag }: EventFilter, deps: Deps): (id: JobId) => Promise<boolean> {
  if (tag === undefined) return () => Promise.resolve(true);
  const known = new Map<JobId, boolean>();
  const hasTags = (job: Job | undefined) =>
    Object.entries(tag).every(([key, value]) => job?.tags[key] === value);
  return async (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const isMatch = hasTags(await deps.queue.jobs.get(id));
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(id, isMatch);
    return isMatch;
  };
}

/** Places of several processors as one id: `checksum:1767225600000-0,moodle-log:1767225600012-3`. */
function encodePlaces(places: ReadonlyMap<string, string>): string {
  return [...places].map(([processor, position]) => `${processor}:${position}`).join(",");
}

/** The places in an id; none in a text that is something else. */
function decodePlaces(id = ""): ReadonlyMap<string, string> {
  const pairs = id.split(",").map((part) => part.split(":"));
  return new Map(pairs.flatMap(([name, position]) => (name && position ? [[name, position] as const] : [])));
}
