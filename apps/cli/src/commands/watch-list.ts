import type { Job, JobsStreamEvent } from "@drover/client";
import { interruptible } from "../exit.js";
import { createProgress, isTerminal, type ShownJob } from "../progress-view.js";
import type { Context } from "./context.js";
import { type FilterOptions, filterOf } from "./filter.js";

/** `processor` and `tag` choose the jobs; all of them without either. */
export interface WatchListOptions extends Pick<FilterOptions, "processor" | "tag"> {
  /** Each event as a line of JSON, as the stream tells it. */
  readonly json?: boolean;
}

/**
 * `drover watch` without ids: shows what happens to all jobs that match, from now on, until Ctrl-C. On a
 * terminal the jobs that run or wait are drawn over and over, and what ends stays as a line above them.
 */
export function watchList(context: Context, options: WatchListOptions): Promise<number> {
  const filter = filterOf(options);
  return interruptible("The jobs go on without this command.", async (signal) => {
    const events = context.client.streamAll(filter, { signal });
    if (options.json === true) {
      for await (const event of events) context.out.write(`${JSON.stringify(event)}\n`);
      return 0;
    }
    const progress = createProgress(context.out, { paint: context.paint.out, isList: true });
    const shown = new Map<string, ShownJob>();
    try {
      for await (const event of events) {
        if (event.type === "snapshot") forget(shown, event.jobs, progress.forget);
        for (const job of changedBy(event, shown)) {
          if (isTerminal(job)) shown.delete(job.job_id);
          else shown.set(job.job_id, job);
          progress.update(job);
        }
      }
    } finally {
      progress.end();
    }
    return 0;
  });
}

/** A stream that lost its place begins anew: what it does not tell of may have ended long ago. */
function forget(
  shown: Map<string, ShownJob>,
  jobs: readonly Job[],
  forgetJob: (jobId: string) => void,
): void {
  const told = new Set(jobs.map(({ job_id }) => job_id));
  for (const id of [...shown.keys()].filter((each) => !told.has(each))) {
    shown.delete(id);
    forgetJob(id);
  }
}

/** The jobs that an event changes, as they are after it. */
function changedBy(event: JobsStreamEvent, shown: ReadonlyMap<string, ShownJob>): readonly ShownJob[] {
  switch (event.type) {
    case "snapshot":
      return event.jobs.filter((job) => !isTerminal(job) || shown.has(job.job_id));
    case "ended":
      return [event.job];
    case "log":
      return [];
    default: {
      const before = shown.get(event.job_id) ?? unknownJob(event);
      if (event.type === "progress") {
        const { progress, stage, message, attempt } = event;
        return [{ ...before, status: "running", waiting: null, progress, stage, message, attempt }];
      }
      const isStart = event.status === "running" && before.status !== "running";
      return [
        { ...before, status: event.status, waiting: null, ...(isStart ? { started_at: event.at } : {}) },
      ];
    }
  }
}

/** A job of which nothing is known yet but that it is there. */
function unknownJob({
  job_id,
  processor,
}: {
  readonly job_id: string;
  readonly processor: string;
}): ShownJob {
  const nothing = {
    stage: null,
    message: null,
    waiting: null,
    started_at: null,
    completed_at: null,
    error: null,
  };
  return { job_id, processor, status: "queued", progress: 0, attempt: 1, max_attempts: 0, ...nothing };
}
