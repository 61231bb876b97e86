import type { Job } from "@drover/client";

type TimelineEvent = NonNullable<Job["timeline"]>[number];

/** One try at a job, as its history tells. Times in ms since the epoch. */
export interface AttemptView {
  readonly number: number;
  readonly worker: string | undefined;
  readonly startedAt: number;
  /** `undefined` while it runs. */
  readonly endedAt: number | undefined;
  /** `running`, how the job ended with it, or what ended the attempt: `retry`, `released`, `worker_lost`. */
  readonly outcome: string;
  /** Why it failed. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** When the next one may start. */
  readonly until: number | undefined;
  readonly stages: readonly { readonly stage: string; readonly at: number }[];
}

/** Types that end an attempt. */
const ENDS: readonly string[] = ["retry", "released", "worker_lost", "finished"];

/**
 * The attempts of a job, oldest first, from its history; those that are so old that the history has lost their start
 * are left out.
 */
export function attemptsOf(job: Pick<Job, "timeline" | "error">): readonly AttemptView[] {
  const attempts: AttemptView[] = [];
  for (const event of job.timeline ?? []) {
    const at = Date.parse(event.at);
    const index = attempts.findLastIndex(({ number }) => number === event.attempt);
    const attempt = attempts[index];
    if (event.type === "started") attempts.push(begun(event, at));
    else if (attempt === undefined || attempt.endedAt !== undefined) continue;
    else if (event.type === "stage")
      attempts[index] = { ...attempt, stages: [...attempt.stages, { stage: event.stage ?? "", at }] };
    else if (ENDS.includes(event.type)) attempts[index] = ended(attempt, event, job);
  }
  return attempts;
}

function begun({ attempt = 0, worker }: TimelineEvent, at: number): AttemptView {
  const open = { endedAt: undefined, code: undefined, message: undefined, until: undefined };
  return { number: attempt, worker, startedAt: at, outcome: "running", stages: [], ...open };
}

function ended(attempt: AttemptView, event: TimelineEvent, { error }: Pick<Job, "error">): AttemptView {
  const isLast = event.type === "finished";
  return {
    ...attempt,
    endedAt: Date.parse(event.at),
    outcome: isLast ? (event.status ?? "unknown") : event.type,
    code: event.code ?? undefined,
    message: isLast && event.status === "failed" ? error?.message : event.message,
    until: event.until === undefined ? undefined : Date.parse(event.until),
  };
}

/** Where a span lies on a line that goes from one moment to another, in percent. */
export function placeOn(
  line: { readonly from: number; readonly to: number },
  span: { readonly from: number; readonly to: number },
): { readonly left: number; readonly width: number } {
  const length = Math.max(1, line.to - line.from);
  const left = clamp(((span.from - line.from) / length) * 100);
  return { left, width: Math.max(0, clamp(((span.to - line.from) / length) * 100) - left) };
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
