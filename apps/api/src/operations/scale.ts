import { type Handler, ok } from "../http/handler.js";

/**
 * How much work there is for the workers of a processor, for what starts and stops them. A scheduled job whose
 * time has not come, or one that waits for its retry, needs no worker yet.
 */
export const getScale: Handler<"getScale"> = async (input, deps) => {
  const { name } = await deps.processors.require(input.params.processor);
  const { waiting, prioritized, delayed, active, oldestWaitingMs } = await deps.queue.health.figures(name);
  const workers = deps.processors.workersOf(name) ?? [];
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const jobs = waiting + prioritized + active;
  return ok(
    {
      processor: name,
      jobs,
      jobs_per_slot: jobs / Math.max(1, slots),
      waiting,
      prioritized,
      active,
      delayed,
      oldest_waiting_ms: oldestWaitingMs,
      workers: workers.length,
      slots,
    },
    { "Cache-Control": "no-store" },
  );
};
