import type { FailureCode } from "./attempt.js";
import type { Delivery, DeliveryProblem } from "./webhook.js";

/** How an attempt was recorded; `lost` when its lease was another worker's and nothing was. */
export type RecordedOutcome = "completed" | "failed" | "cancelled" | "released" | "lost";

/** Why Redis gave no answer: it was not reached, it was silent, or it could not serve. */
export type RedisTrouble = "not_connected" | "no_answer" | "refused";

/**
 * What happens in a process that is worth counting, timing or tracing. Each event is told once, by the one
 * place that knows it; metrics listen, and whoever else wants to. Members are few and bounded, but for names
 * of processors: no id, no text of a client.
 *
 * | event | told by | when |
 * |---|---|---|
 * | attempt.started | packages/queue, `bull-consumer.ts` | a worker has taken a job |
 * | attempt.ended | packages/queue, `bull-consumer.ts` | its outcome is recorded, or is another worker's to record |
 * | worker.lost | packages/queue, `bull-consumer.ts` | a job was found without its worker; told once for each time |
 * | job.submitted | packages/queue, `bull-job-queue.ts` | a job is in the queue, or was found there by a repeated submit |
 * | job.late | packages/queue, `queue-deadlines.ts` | a job failed as `queue_timeout` before any attempt |
 * | redis.answered, redis.failed | packages/queue, `redis-link.ts` | a request to Redis is over |
 * | request.ended | apps/api, `request-scope.ts` | an HTTP answer is out, or its client has gone |
 * | held.opened, held.closed | apps/api, `held-requests.ts` | a long poll or a stream begins and ends |
 * | delivery.tried | apps/worker, `delivery-attempt.ts` | a webhook was sent, or could not be |
 * | sweep.ended | apps/worker, `sweeper.ts` | one sweep is over |
 * | store.seen | apps/worker, `orphans.ts`, `reconciler.ts` | a walk has seen all files of a kind |
 */
export interface ProcessEvents {
  readonly "attempt.started": {
    readonly processor: string;
    /** From when the job could run to now, in ms; `null` for an attempt after the first. */
    readonly waitedMs: number | null;
  };
  readonly "attempt.ended": {
    readonly processor: string;
    readonly outcome: RecordedOutcome;
    /** Of a failure. */
    readonly code: FailureCode | null;
    /** Whether another attempt follows the failure. */
    readonly isRetried: boolean;
    /** From when the worker took the job until its outcome was there to record, in ms. */
    readonly durationMs: number;
  };
  readonly "worker.lost": { readonly processor: string };
  readonly "job.submitted": { readonly processor: string };
  readonly "job.late": { readonly processor: string };
  readonly "redis.answered": { readonly durationMs: number };
  readonly "redis.failed": { readonly reason: RedisTrouble };
  readonly "request.ended": {
    readonly method: string;
    /** The template of the path, as `/api/jobs/{job_id}`; `undefined` for a path that nothing serves. */
    readonly route: string | undefined;
    /** `undefined` when the client had gone before its answer. */
    readonly status: number | undefined;
    /** In ms; `undefined` for a request that was held open on purpose. */
    readonly durationMs: number | undefined;
  };
  readonly "held.opened": { readonly kind: HeldKind };
  readonly "held.closed": { readonly kind: HeldKind };
  readonly "delivery.tried": {
    /** What the delivery is after it: `pending` when it is tried again. */
    readonly status: Delivery["status"];
    readonly problem: DeliveryProblem | null;
    readonly durationMs: number;
  };
  readonly "sweep.ended": {
    /** Whether every part of it was done. */
    readonly isWhole: boolean;
    readonly durationMs: number;
    /** What was done, by kind. */
    readonly done: Readonly<Record<string, number>>;
  };
  /** Without `bytes` when this process looks no more. */
  readonly "store.seen": { readonly kind: StoredKind; readonly bytes?: number };
}

/** What holds a request open. */
export type HeldKind = "long_poll" | "event_stream";

/** What the files of the store are. */
export type StoredKind = "inputs" | "artifacts";

export type EventName = keyof ProcessEvents;

/** Where events are told. */
export interface EventSink {
  emit<N extends EventName>(name: N, event: ProcessEvents[N]): void;
}

/** Tells nobody. */
export const NO_EVENTS: EventSink = { emit() {} };

type Listener<N extends EventName> = (event: ProcessEvents[N]) => void;
type Listeners = { readonly [N in EventName]?: readonly Listener<N>[] };

/** Hands each event to its listeners at once, in the order in which they came. A listener must not throw. */
export class EventBus implements EventSink {
  #listeners: Listeners = {};

  on<N extends EventName>(name: N, listener: Listener<N>): void {
    const known: Listeners[N] = this.#listeners[name];
    this.#listeners = { ...this.#listeners, [name]: [...(known ?? []), listener] };
  }

  emit<N extends EventName>(name: N, event: ProcessEvents[N]): void {
    const listeners: Listeners[N] = this.#listeners[name];
    if (listeners !== undefined) for (const listener of listeners) listener(event);
  }
}
