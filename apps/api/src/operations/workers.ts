import type { WorkerList, WorkerView } from "@drover/contract";
import { DomainError, type Job, type LiveWorker } from "@drover/core";
import type { Deps } from "../deps.js";
import { type Handler, ok } from "../http/handler.js";
import { shownProgress, time, timeOrNull } from "../jobs/job-view.js";

/** Running jobs that are told of, and how many are read at a time. */
const MAX_RUNNING = 1_000;
const PAGE = 200;

export const listWorkers: Handler<"listWorkers"> = async (_input, deps) => {
  const [{ workers, drains }, running] = await Promise.all([deps.queue.catalogue.read(), runningJobs(deps)]);
  const byWorker = new Map<string, Job[]>();
  for (const job of running)
    if (job.worker !== undefined) byWorker.set(job.worker, [...(byWorker.get(job.worker) ?? []), job]);
  const views = workers.map((worker) => viewWorker(worker, byWorker.get(worker.id) ?? []));
  const live = new Set(workers.map(({ id }) => id));
  for (const [id, jobs] of byWorker) if (!live.has(id)) views.push(viewAway(id, jobs, drains.includes(id)));
  const inOrder = views.toSorted((a, b) => (a.worker < b.worker ? -1 : 1));
  return ok({ workers: inOrder } satisfies WorkerList, { "Cache-Control": "no-store" });
};

export const drainWorker: Handler<"drainWorker"> = async ({ params: { worker } }, deps) => {
  const { workers } = await deps.queue.catalogue.read();
  if (!workers.some(({ id }) => id === worker))
    throw new DomainError(
      "worker_not_found",
      `No worker "${worker.slice(0, 80)}" was heard of in the last 15 s. GET /api/workers lists those that live.`,
    );
  await deps.queue.catalogue.askDrain(worker);
  return { ...ok({ worker, state: "draining" as const }), status: 202 };
};

async function runningJobs({ queue }: Deps): Promise<readonly Job[]> {
  const found: Job[] = [];
  let page = await queue.jobs.list({ status: "running", limit: PAGE });
  found.push(...page.jobs);
  while (page.nextCursor !== null && found.length < MAX_RUNNING) {
    page = await queue.jobs.list({ status: "running", limit: PAGE, cursor: page.nextCursor });
    found.push(...page.jobs);
  }
  return found;
}

function viewWorker(worker: LiveWorker, jobs: readonly Job[]): WorkerView {
  return {
    worker: worker.id,
    state: worker.isDrainAsked ? "draining" : "ready",
    host: worker.host,
    version: worker.version ?? null,
    processors: [...worker.processors],
    slots: worker.slots,
    started_at: time(worker.startedAt),
    heard_at: time(worker.heardAt),
    resident_bytes: worker.residentBytes ?? null,
    shares_storage: worker.sharesStorage ?? null,
    running: jobs.map(viewRunning),
  };
}

/** One that has signed off, or died, while attempts of it are still in the queue's books. */
function viewAway(id: string, jobs: readonly Job[], isDrainAsked: boolean): WorkerView {
  return {
    worker: id,
    state: isDrainAsked ? "draining" : "away",
    ...{ host: null, version: null, slots: null, started_at: null, heard_at: null },
    ...{ resident_bytes: null, shares_storage: null },
    processors: [...new Set(jobs.map(({ processor }) => processor))],
    running: jobs.map(viewRunning),
  };
}

function viewRunning(job: Job): WorkerView["running"][number] {
  return {
    job_id: job.id,
    processor: job.processor,
    filename: job.input.filename,
    attempt: job.attempt,
    progress: shownProgress(job).percent,
    started_at: timeOrNull(job.startedAt),
  };
}
