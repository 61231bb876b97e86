import { setTimeout as sleep } from "node:timers/promises";
import type { JobLogEvent, JobProgressEvent, JobStatusEvent } from "@drover/contract";
import { isTerminal, type Job, type JobChange, type JobId, type JobRef } from "@drover/core";
import type { Deps } from "../deps.js";
import type { Handler } from "../http/handler.js";
import type { SentEvent } from "../http/send-events.js";
import { ChangeInbox } from "./change-inbox.js";
import { findJob } from "./find-job.js";
import { time, viewJob } from "./job-view.js";
import { whenAnyAborts } from "./wait-for.js";

/** Least time between two progress events of one stream, in ms. */
const PROGRESS_MS = 100;

export const streamJob: Handler<"streamJob"> = async (input, deps) => {
  const job = await findJob(input.params.job_id, deps);
  const after = input.headers["last-event-id"];
  const { inbox, end, areWhole } = await follow(
    [job.processor],
    { id: job.id, after: [after] },
    input.signal,
    deps,
  );
  const isResumed = after !== undefined && areWhole;
  if (isResumed && isTerminal(job.status) && inbox.size === 0) {
    end();
    return { kind: "empty", status: 204 }; // its end was told
  }
  const events = isResumed ? changesOf(inbox, deps) : jobEvents(job, inbox, deps);
  return { kind: "events", events, end };
};

/** Follows jobs of some processors with one inbox, until `end`, the client has gone or the process stops. */
export async function follow(
  processors: readonly string[],
  options: { readonly id?: JobId; readonly after: readonly (string | undefined)[] },
  gone: AbortSignal,
  deps: Deps,
): Promise<{
  readonly inbox: ChangeInbox;
  readonly areWhole: boolean;
  readonly positions: readonly string[];
  end(): void;
}> {
  const inbox = new ChangeInbox();
  const release = whenAnyAborts([gone, deps.stopping], inbox.close);
  const { id, after } = options;
  const open = processors.map((processor, i) =>
    deps.queue.feed.follow(processor, {
      ...(id === undefined ? {} : { id }),
      ...{ after: after[i], onChange: inbox.push, onLost: inbox.close },
    }),
  );
  const end = () => {
    release();
    inbox.close();
    // One that failed needs no stop.
    for (const following of open) void following.then(({ stop }) => stop()).catch(() => {});
  };
  try {
    const followings = await Promise.all(open);
    return {
      inbox,
      areWhole: followings.every(({ isWhole }) => isWhole),
      positions: followings.map(({ position }) => position),
      end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** The job as it stands, then what happens to it until it ends. */
async function* jobEvents(
  { id, processor }: JobRef,
  inbox: ChangeInbox,
  deps: Deps,
): AsyncGenerator<SentEvent> {
  const job = await deps.queue.jobs.get(id);
  if (job === undefined) return;
  const data = viewJob(job, deps);
  yield { event: "snapshot", data };
  if (!isTerminal(job.status)) return yield* changesOf(inbox, deps, job);
  // The newest position is that of its end or a later one: who comes back with it is told nothing again.
  yield { event: "status", id: await deps.queue.feed.newest(processor), data };
}

/**
 * What is told of the changes of one job, up to its end.
 * @param shown the job as the client has it already: older progress is not told after it.
 */
async function* changesOf(inbox: ChangeInbox, deps: Deps, shown?: Job): AsyncGenerator<SentEvent> {
  const progress = new ProgressFilter(shown);
  for (let change = await inbox.next(); change !== undefined; change = await inbox.next()) {
    if (change.type === "removed") return;
    if (change.type === "progress") {
      if (!progress.admits(change)) continue;
      yield eventOf(change);
      await sleep(PROGRESS_MS);
      continue;
    }
    const { event, isEnd } = await eventWithEnd(change, deps);
    yield event;
    if (isEnd) return;
  }
}

/** A change as it is told; the end of a job with the job, unless a person asked for a retry since. */
export async function eventWithEnd(
  change: ToldChange,
  deps: Deps,
): Promise<{ readonly event: SentEvent; readonly isEnd: boolean }> {
  const event = eventOf(change);
  if (change.type !== "status" || !isTerminal(change.status)) return { event, isEnd: false };
  const job = await deps.queue.jobs.get(change.jobId);
  if (job === undefined || !isTerminal(job.status)) return { event, isEnd: false };
  return { event: { ...event, data: viewJob(job, deps) }, isEnd: true };
}

/** Lets no progress through that an attempt fell behind already. */
export class ProgressFilter {
  #attempt: number;
  #percent: number;

  constructor(shown: Job | undefined) {
    this.#attempt = shown?.attempt ?? 0;
    this.#percent = shown?.progress.percent ?? 0;
  }

  admits({ attempt, progress }: Extract<JobChange, { type: "progress" }>): boolean {
    if (attempt < this.#attempt || (attempt === this.#attempt && progress.percent < this.#percent))
      return false;
    this.#attempt = attempt;
    this.#percent = progress.percent;
    return true;
  }
}

type ToldChange = Exclude<JobChange, { type: "removed" }>;

function eventOf(change: ToldChange): SentEvent {
  const { position: id, jobId, processor, at } = change;
  const head = { job_id: jobId, processor, at: time(at) };
  switch (change.type) {
    case "progress": {
      const { percent, stage, message } = change.progress;
      const shown = Math.round(Math.min(percent, 99.9) * 10) / 10; // 100 is said of a completed job alone
      const data: JobProgressEvent = { ...head, attempt: change.attempt, progress: shown, stage, message };
      return { event: "progress", id, data };
    }
    case "log": {
      const logs = change.lines.map((line) => ({ ...line, at: time(line.at) }));
      return { event: "log", id, data: { ...head, logs } satisfies JobLogEvent };
    }
    case "status":
      return { event: "status", id, data: { ...head, status: change.status } satisfies JobStatusEvent };
  }
}
