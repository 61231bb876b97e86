import type { FailureCode } from "./attempt.js";

/** The types of the table below. */
export const JOB_EVENT_TYPES = [
  "accepted",
  "started",
  "stage",
  "worker_lost",
  "retry",
  "released",
  "cancel_requested",
  "retried",
  "restored",
  "imported",
  "finished",
] as const satisfies readonly JobEvent["type"][];

/**
 * What happened to a job, oldest first, each with its time. Kept for people and logs; a job's state is never
 * read from it.
 *
 * | type | when | carries |
 * |---|---|---|
 * | accepted | the job is in the queue | |
 * | started | a worker took it | attempt, worker |
 * | stage | the attempt entered a stage | attempt, stage |
 * | worker_lost | the lease ran out: the worker died or was cut off | attempt |
 * | retry | an attempt failed and another follows | attempt, code, message, until |
 * | released | a draining worker gave the job back; the attempt does not count | attempt, worker |
 * | cancel_requested | a person asked to cancel a running job | attempt |
 * | retried | a person asked for another run of a finished job | |
 * | restored | the job came back from its manifest after Redis had lost it | |
 * | imported | the job, which had ended elsewhere, was imported | |
 * | finished | the job is terminal | attempt, status, code |
 */
export type JobEvent = { readonly at: number } & (
  | { readonly type: "accepted" | "retried" | "restored" | "imported" }
  | { readonly type: "started" | "released"; readonly attempt: number; readonly worker: string }
  | { readonly type: "stage"; readonly attempt: number; readonly stage: string }
  | { readonly type: "worker_lost" | "cancel_requested"; readonly attempt: number }
  | {
      readonly type: "retry";
      readonly attempt: number;
      readonly code: FailureCode;
      readonly message: string;
      readonly until: number;
    }
  | {
      readonly type: "finished";
      readonly attempt: number;
      readonly status: "completed" | "failed" | "cancelled";
      readonly code: FailureCode | null;
    }
);
