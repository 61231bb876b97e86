import { DEFAULT_PAGE_SIZE, type EventFilter } from "@drover/contract";
import type { Job, JobId, JobPage } from "@drover/core";
import { depsOfTenant } from "../access/tenants.js";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import type { SentEvent } from "../http/send-events.js";
import type { ChangeInbox } from "./change-inbox.js";
import { eventWithEnd, follow, ProgressFilter } from "./events.js";
import { viewPage } from "./list.js";

/** Jobs of which it is remembered whether they match. */
const MAX_REMEMBERED = 10_000;

export const streamJobs: Handler<"streamJobs"> = async (input, everything) => {
  const filter = input.query;
  const deps = depsOfTenant(filter.tenant, everything);
  const followed =
    filter.processor === undefined
      ? await deps.processors.list()
      : [await deps.processors.require(filter.processor)];
  const processors = followed.map(({ name }) => name);
  const sent = decodePositions(input.headers["last-event-id"]);
  const after = processors.map((processor) => sent.get(processor));
  const { inbox, positions, areWhole, end } = await follow(processors, { after }, input.signal, deps);
  const isResumed = areWhole && !after.includes(undefined);
  const told = new Map(processors.map((name, i) => [name, (isResumed ? after : positions)[i] ?? ""]));
  const events = listEvents({ filter, inbox, told, isResumed }, deps);
  return { kind: "events", events, end };
};

interface ListStream {
  readonly filter: EventFilter;
  readonly inbox: ChangeInbox;
  /** Position of the last change that was told of each processor's jobs. */
  readonly told: Map<string, string>;
  readonly isResumed: boolean;
}

async function* listEvents(stream: ListStream, deps: Deps): AsyncGenerator<SentEvent> {
  const { filter, inbox, told } = stream;
  const shown = new Map<JobId, ProgressFilter>();
  if (!stream.isResumed) {
    inbox.clear(); // what is in it is older than the page
    const page = await newestJobs(filter, deps);
    for (const job of page.jobs) shown.set(job.id, new ProgressFilter(job));
    yield { event: "snapshot", data: viewPage(page, deps) };
  }
  const matches = matcherOf(filter, deps);
  for (let change = await inbox.next(); change !== undefined; change = await inbox.next()) {
    told.set(change.processor, change.position);
    if (change.type === "removed" || !(await matches(change.jobId))) continue;
    if (change.type === "progress" && shown.get(change.jobId)?.admits(change) === false) continue;
    const { event } = await eventWithEnd(change, deps);
    yield { ...event, id: encodePositions(told) };
  }
}

function newestJobs({ processor, tag }: EventFilter, deps: Deps): Promise<JobPage> {
  return deps.queue.jobs.list({
    limit: DEFAULT_PAGE_SIZE,
    ...(processor === undefined ? {} : { processor }),
    ...(tag === undefined ? {} : { tags: tag }),
  });
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

/** Positions of several processors as one id: `checksum:1767225600000-0,moodle-log:1767225600012-3`. */
function encodePositions(positions: ReadonlyMap<string, string>): string {
  return [...positions].map(([processor, position]) => `${processor}:${position}`).join(",");
}

/** The positions in an id; none in a text that is something else. */
function decodePositions(id = ""): ReadonlyMap<string, string> {
  const pairs = id.split(",").map((part) => part.split(":"));
  return new Map(pairs.flatMap(([name, position]) => (name && position ? [[name, position] as const] : [])));
}
