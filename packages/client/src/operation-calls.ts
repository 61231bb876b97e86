import type { TrendWindow } from "@drover/contract";
import { callJson, type JsonOf, type Server } from "./request.js";

/** How much work there is for the workers of a processor. */
export type Scale = JsonOf<"getScale">;
/** A worker, and what it runs now. */
export type WorkerView = JsonOf<"listWorkers">["workers"][number];
/** The last hours, ten minutes by ten minutes. */
export type Trends = JsonOf<"getTrends">;
/** Something that an operator should look at. */
export type Alert = JsonOf<"listAlerts">["alerts"][number];

/** Aborts the request. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** What operators look at and do; for an admin's key. Errors as of `Client`. */
export interface OperationCalls {
  scale(processor: string, options?: Abortable): Promise<Scale>;
  workers(options?: Abortable): Promise<readonly WorkerView[]>;
  /** Lets a worker stop as on SIGTERM, within 5 s. */
  drain(worker: string, options?: Abortable): Promise<void>;
  /** How the last 6 hours (the default) or 24 hours went. */
  trends(options?: Abortable & { readonly window?: TrendWindow }): Promise<Trends>;
  alerts(options?: Abortable): Promise<readonly Alert[]>;
}

/** The calls, at a server. */
export function operationCalls(server: Server): OperationCalls {
  return {
    scale: (processor, { signal } = {}) => callJson(server, "getScale", { params: { processor }, signal }),
    workers: async ({ signal } = {}) => (await callJson(server, "listWorkers", { signal })).workers,
    drain: async (worker, { signal } = {}) =>
      void (await callJson(server, "drainWorker", { params: { worker }, signal })),
    trends: ({ window, signal } = {}) => callJson(server, "getTrends", { query: { window }, signal }),
    alerts: async ({ signal } = {}) => (await callJson(server, "listAlerts", { signal })).alerts,
  };
}
