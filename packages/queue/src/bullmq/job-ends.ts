import { DEFAULT_TENANT, type FoundEnds, isJobId, isTerminal, type Job, type JobEnds } from "@drover/core";
import { isObject } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { JobLocator } from "./job-locator.js";
import { readListedJob } from "./job-snapshot.js";

/** Entries of an event stream that are looked at in one step, which takes Redis some ms. */
const ENTRIES = 1_000;
/** Owed ends that are taken in one step. */
const OWED = 100;
/** Finished jobs that are looked at in one step where the stream does not reach back. */
const PAGE = 500;
/** Ends that are older are told to nobody when the position is lost: no receiver is tried for longer. */
const OLDEST_MS = 3 * 86_400_000;
/** How much earlier than the stream's own time an end may be stamped, by a clock that is off, in ms. */
const CLOCKS_MS = 60_000;

/**
 * The ends of jobs, found in the event stream of their queue, to which every script that ends a job adds in the
 * same step. So nothing is written for it while jobs run.
 *
 * The stream keeps about 10,000 entries. Where it does not reach back to the position, the finished jobs
 * themselves are gone through, by the time of their end. And an end that a person's retry undoes is owed by the
 * script of the retry.
 */
export function redisJobEnds(deps: {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly locator: JobLocator;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}): JobEnds {
  const { link, keys, locator, now } = deps;

  const find = (processor: string, isAllWanted: boolean) =>
    link.run(
      "find-ends",
      [
        keys.queue(processor, "events"),
        keys.toldPosition(processor),
        keys.receivers(processor),
        keys.owedEnds(processor),
      ],
      [isAllWanted ? 1 : 0, ENTRIES, OWED],
    ) as Promise<Found | Behind>;

  /** Owes what ended since. Done again when what follows is not passed: what is owed twice is told once. */
  const catchUp = async (processor: string, isAllWanted: boolean, behind: Behind): Promise<void> => {
    const [, , position] = behind;
    const told = position === "" ? 0 : Number(position.split("-")[0]) - CLOCKS_MS;
    const since = Math.max(told, now() - OLDEST_MS);
    for (const set of ["completed", "failed"] as const) {
      let [looked, time, done]: OwedPage = [PAGE, String(since), 0];
      while (looked === PAGE) {
        [looked, time, done] = (await link.run(
          "owe-ends",
          [keys.queue(processor, set), keys.receivers(processor), keys.owedEnds(processor)],
          [time, done, PAGE, isAllWanted ? 1 : 0],
        )) as OwedPage;
      }
    }
  };

  const pass = async (processor: string, { position, owed }: FoundEnds["mark"]): Promise<void> => {
    if (position === "" && owed.length === 0) return; // an idle queue costs no write
    await link.run(
      "pass-ends",
      [keys.toldPosition(processor), keys.owedEnds(processor)],
      [position, ...owed],
    );
  };

  const endedJob = async (processor: string, id: string): Promise<Job | undefined> => {
    if (!isJobId(id)) return undefined; // somebody else's
    const job = await readListedJob(link, keys, { processor, id, createdAt: Number.NaN });
    // One that waits again was retried by a person; then its end is owed.
    if (job === undefined || !isTerminal(job.status)) return undefined;
    if (job.error?.code !== "job_unreadable") return job;
    // Whose it is the index knows alone; nobody is told of one that it has lost as well.
    return { ...job, tenant: (await locator.place(id))?.tenant ?? NOBODY };
  };

  return {
    async next(processor, isAllWanted) {
      const answer = await find(processor, isAllWanted);
      if (answer[0] === "behind") {
        await catchUp(processor, isAllWanted, answer);
        return { processor, jobs: [], isMore: true, mark: { position: answer[1], owed: [] } };
      }
      const [, position, isMore, owed, ids] = answer;
      const found = await Promise.all([
        ...owed.map((entry) => jobOfEntry(entry) ?? endedJob(processor, entry)),
        ...ids.map((id) => endedJob(processor, id)),
      ]);
      const jobs = found.filter((job) => job !== undefined);
      return { processor, jobs, isMore: isMore === 1, mark: { position, owed } };
    },
    pass: ({ processor, mark }) => pass(processor, mark),
  };
}

/* As the headers of the scripts say. */
type Found = readonly ["found", string, 0 | 1, readonly string[], readonly string[]];
type Behind = readonly ["behind", newest: string, position: string];
type OwedPage = [looked: number, time: string, done: number];

/** The name of no tenant. */
const NOBODY = "";

/** The job that an owed end spells; `undefined` for one that is only the id. */
function jobOfEntry(entry: string): Job | undefined {
  if (!entry.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(entry);
    const earlier = { tenant: DEFAULT_TENANT }; // of a version that knew no tenants
    return isObject(value) ? ({ ...earlier, ...value } as unknown as Job) : undefined; // written by `retry`
  } catch {
    return undefined;
  }
}
