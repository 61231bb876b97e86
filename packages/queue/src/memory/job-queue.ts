import {
  type CancelAnswer,
  isTerminal,
  type JobEvent,
  type JobId,
  type JobQueue,
  type JobRequest,
} from "@drover/core";
import { byPlace, listJobs } from "../job-listing.js";
import { type Entry, type MemoryState, NO_END, NO_PROGRESS } from "./state.js";

/** The jobs as an api sees them. */
export function jobQueueOf(state: MemoryState): JobQueue {
  return {
    async submit(request, options) {
      const stored = state.entries.get(request.id) ?? newEntry(state, request);
      if (!state.entries.has(request.id)) {
        state.entries.set(request.id, stored);
        state.change(
          stored,
          {},
          { type: options?.isRestored === true ? "restored" : "accepted", at: Date.now() },
        );
      }
      return state.view(stored);
    },
    async get(id) {
      const entry = state.entries.get(id);
      return entry && state.view(entry);
    },
    list: (query) =>
      listJobs(
        {
          following: async (after, limit) =>
            [...state.entries.values()]
              .map(({ request }) => request)
              .filter((request) => after === undefined || byPlace(after, request) < 0)
              .sort(byPlace)
              .slice(0, limit),
          jobs: async (listed) =>
            listed.map(({ id }) => state.entries.get(id)).map((entry) => entry && state.view(entry)),
        },
        query,
      ),
    cancel: async (id) => cancelIn(state, id),
    async retry(id, params) {
      const entry = state.entries.get(id);
      if (entry?.status !== "failed" && entry?.status !== "cancelled") return undefined;
      const fresh = newEntry(state, params === undefined ? entry.request : { ...entry.request, params });
      state.change(
        entry,
        {
          ...fresh,
          until: null,
          started: entry.started,
          uncounted: entry.started,
          reopenedEnd: entry.finishedAt,
          events: entry.events,
          logs: entry.logs,
        },
        { type: "retried", at: Date.now() },
      );
      return state.view(entry);
    },
    async remove(id) {
      if (state.entries.get(id)?.status === "running") return false;
      state.entries.delete(id);
      state.wake.all();
      return true;
    },
    changed: (_id, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const done = () => {
          forget();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const forget = state.wake.add(done);
        signal.addEventListener("abort", done);
      }),
    async history(id) {
      const entry = state.entries.get(id);
      return { events: [...(entry?.events ?? [])], logs: [...(entry?.logs ?? [])] };
    },
  };
}

/** A job as it is queued. */
export function newEntry(state: MemoryState, request: JobRequest): Entry {
  return {
    request,
    status: "queued",
    started: 0,
    failures: 0,
    uncounted: 0,
    until: request.runAt,
    untilReason: "scheduled",
    order: state.nextOrder(),
    progress: NO_PROGRESS,
    isCancelling: false,
    updatedAt: Date.now(),
    startedAt: null,
    finishedAt: null,
    reopenedEnd: null,
    end: NO_END,
    events: [],
    logs: [],
  };
}

function cancelIn(state: MemoryState, id: JobId): CancelAnswer {
  const entry = state.entries.get(id);
  if (entry === undefined) return "not_found";
  if (isTerminal(entry.status)) return "already_finished";
  if (entry.status === "queued") {
    state.finish(entry, "cancelled", {});
    return "cancelled";
  }
  const event: JobEvent = { type: "cancel_requested", at: Date.now(), attempt: entry.started };
  state.change(entry, { isCancelling: true }, ...(entry.isCancelling ? [] : [event]));
  state.stops.get(id)?.("cancelled");
  return "cancelling";
}
