import {
  COUNTED_FOR_MS,
  COUNTED_SPAN_MS,
  classOf,
  DEFAULT_TENANT,
  type Durations,
  type EndedJobs,
  FAILURE_CODES,
  isTerminal,
  type Job,
  type JobStatistics,
  spanOf,
} from "@drover/core";
import { NOT_DEFAULT, type RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { RedisTenantUse } from "./tenant-use.js";

export interface StatisticsDeps {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** Told what the job takes in the store from its end on. */
  readonly use: Pick<RedisTenantUse, "settle">;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}

/** Spans that one script adds up: a day of them takes Redis under a millisecond. */
const SPANS_AT_A_TIME = 144;

/**
 * The counts in a hash for each processor and span. Its fields are `completed`, `cancelled`, `failed:<code>`,
 * and for durations `wait_ms`, `run_ms` (sums) and `wait:<class>`, `run:<class>`: some 270 at most, a dozen
 * as a rule. A job's end is counted by whoever settles its manifest, beside the slots, so that no attempt
 * waits for it; the job's own hash says that it was.
 *
 * All tenants are counted together; those but the default one each by itself too, and together once more: the
 * rest is the default one's, so that where it is the only one nothing is kept twice.
 * @param of whose counts are read; of all tenants without it.
 */
export function redisStatistics(
  { link, keys, now, use }: StatisticsDeps,
  of?: { readonly tenant: string },
): JobStatistics {
  const sum = async (spans: readonly string[], into: Map<string, number>, sign: 1 | -1) => {
    for (let at = 0; at < spans.length; at += SPANS_AT_A_TIME) {
      const part = await link.run("sum-counts", spans.slice(at, at + SPANS_AT_A_TIME), []);
      addAll(into, part as string[], sign);
    }
  };
  /** The counts of a span: what is added up, and what is taken away from that. */
  const keysOf = (processor: string, span: number): { readonly add: string; readonly take?: string } => {
    if (of === undefined) return { add: keys.ends(processor, span) };
    if (of.tenant !== DEFAULT_TENANT) return { add: keys.endsOf(processor, span, of.tenant) };
    return { add: keys.ends(processor, span), take: keys.endsOf(processor, span, NOT_DEFAULT) };
  };
  return {
    async readSpans(processor, since) {
      const found = spansFrom(since, now()).map(async (span) => {
        const sums = new Map<string, number>();
        const { add, take } = keysOf(processor, span);
        if (take !== undefined) await sum([take], sums, -1);
        await sum([add], sums, 1);
        return sums.size === 0 ? [] : [{ span, jobs: decode(sums) }];
      });
      return (await Promise.all(found)).flat();
    },
    async count(job) {
      if (job.finishedAt === null || !isTerminal(job.status)) return;
      await Promise.all([countEnd({ link, keys, now, use }, job), use.settle(job)]);
    },
    async read(processor, since) {
      const sums = new Map<string, number>();
      const spans = spansFrom(since, now()).map((span) => keysOf(processor, span));
      const taken = spans.flatMap(({ take }) => take ?? []);
      if (taken.length > 0) await sum(taken, sums, -1); // first: what ends in between is not missing below
      await sum(
        spans.map(({ add }) => add),
        sums,
        1,
      );
      return decode(sums);
    },
  };
}

async function countEnd({ link, keys, now }: StatisticsDeps, job: Job): Promise<void> {
  const { processor, id, finishedAt, tenant } = job;
  if (finishedAt === null) return;
  const span = spanOf(finishedAt);
  if (span + COUNTED_FOR_MS <= now()) return; // it came back from its manifest, too old to be asked for
  const ended = keys.queueAll(processor, ["completed", "failed"]);
  const others = tenant === DEFAULT_TENANT ? [] : [tenant, NOT_DEFAULT];
  const counts = [keys.ends(processor, span), ...others.map((name) => keys.endsOf(processor, span, name))];
  await link.run(
    "count-end",
    [keys.job(processor, id), ...ended, ...counts],
    [id, finishedAt, span + COUNTED_FOR_MS, ...incrementsOf(job, finishedAt)],
  );
}

function incrementsOf(job: Job, finishedAt: number): readonly (string | number)[] {
  const ended = job.status === "failed" ? `failed:${job.error?.code}` : job.status;
  if (job.startedAt === null) return [ended, 1];
  const couldRunAt = Math.max(job.createdAt, job.runAt ?? 0);
  const waitMs = Math.max(0, job.startedAt - couldRunAt);
  const runMs = Math.max(0, finishedAt - job.startedAt);
  return [
    ...[ended, 1],
    ...["wait_ms", waitMs, `wait:${classOf(waitMs)}`, 1],
    ...["run_ms", runMs, `run:${classOf(runMs)}`, 1],
  ];
}

function spansFrom(since: number, now: number): readonly number[] {
  const first = Math.max(spanOf(since), spanOf(now - COUNTED_FOR_MS));
  const count = Math.max(0, Math.floor((now - first) / COUNTED_SPAN_MS) + 1);
  return Array.from({ length: count }, (_, index) => first + index * COUNTED_SPAN_MS);
}

/**
 * Adds to the sums, or takes from them; what comes to nothing goes.
 * @param answer field, sum, …
 */
function addAll(sums: Map<string, number>, answer: readonly string[], sign: 1 | -1): void {
  for (let i = 0; i + 1 < answer.length; i += 2) {
    const [field = "", count] = answer.slice(i, i + 2);
    const sum = (sums.get(field) ?? 0) + sign * Number(count);
    if (sum === 0) sums.delete(field);
    else sums.set(field, sum);
  }
}

/** What was counted. Fields that another version wrote are passed over. */
function decode(sums: ReadonlyMap<string, number>): EndedJobs {
  const failures = FAILURE_CODES.flatMap((code) => {
    const count = sums.get(`failed:${code}`);
    return count === undefined ? [] : [[code, count] as const];
  });
  return {
    completed: sums.get("completed") ?? 0,
    cancelled: sums.get("cancelled") ?? 0,
    failures: Object.fromEntries(failures),
    wait: durationsOf(sums, "wait"),
    run: durationsOf(sums, "run"),
  };
}

function durationsOf(sums: ReadonlyMap<string, number>, name: "wait" | "run"): Durations {
  const classes = [...sums].flatMap(([field, count]) =>
    field.startsWith(`${name}:`) ? [[Number(field.slice(name.length + 1)), count] as const] : [],
  );
  return { sumMs: sums.get(`${name}_ms`) ?? 0, classes: new Map(classes) };
}
