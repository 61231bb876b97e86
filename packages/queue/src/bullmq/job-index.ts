import { isJobId, type Job, type JobStatus } from "@drover/core";
import { inOrder, type JobIndex, type Listed, type ListedRequest } from "../job-listing.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";
import type { QueueKey } from "./bullmq-internals.js";
import type { JobLocator } from "./job-locator.js";
import { readListedJob } from "./job-snapshot.js";

/** An entry of the index whose job is missing is an aborted submit once it is this old. */
const DANGLING_AFTER_MS = 600_000;

/** Where the jobs of a status are: as `prefilter.lua` calls it, and the keys of their queue. */
const PLACES = {
  completed: { name: "completed", keys: ["completed"] },
  failed: { name: "failed", keys: ["failed"] },
  cancelled: { name: "failed", keys: ["failed"] },
  queued: { name: "waiting", keys: ["wait", "paused", "prioritized", "delayed"] },
  running: { name: "active", keys: ["active"] },
} as const satisfies Record<JobStatus, { readonly name: string; readonly keys: readonly QueueKey[] }>;

const ALL_KEYS = [...new Set(Object.values(PLACES).flatMap(({ keys }): readonly QueueKey[] => keys))];
const LISTS: readonly QueueKey[] = ["wait", "paused", "active"];

/** What listings read from: the index of all jobs, and the queues. */
export function redisJobIndex(deps: {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly locator: JobLocator;
  /** The server's wall time, ms since the epoch. */
  readonly now: () => number;
}): JobIndex {
  const { link, keys, locator, now } = deps;

  const jobOf = async (listed: Listed): Promise<Job | undefined> => {
    const place = listed.tenant === undefined ? await locator.place(listed.id) : undefined;
    const { processor, tenant } = { ...listed, ...place };
    if (processor === undefined || (locator.tenant ?? tenant) !== tenant) return undefined;
    const job = await readListedJob(link, keys, { ...listed, processor, tenant });
    if (job === undefined && now() - listed.createdAt > DANGLING_AFTER_MS) await locator.drop(listed);
    return job;
  };

  const prefilterOne = async (
    processor: string,
    listed: readonly Listed[],
    { status, isRequestWanted }: Parameters<JobIndex["prefilter"]>[1],
  ): Promise<readonly ListedRequest[]> => {
    const hashes = isRequestWanted ? listed.map(({ id }) => keys.job(processor, id)) : [];
    const answer = (await link.run(
      "prefilter",
      [...keys.queueAll(processor, ["completed", "failed", "active"]), ...hashes],
      [status === undefined ? "" : PLACES[status].name, ...listed.map(({ id }) => id)],
    )) as (number | string)[];
    return Array.from({ length: answer.length / 3 }, (_, i) => ({
      listed: listed[Number(answer[3 * i])] as Listed, // as the script's header says
      request: String(answer[3 * i + 1]) || undefined,
      failedReason: String(answer[3 * i + 2]) || undefined,
    }));
  };

  /** How many jobs each of the keys of these queues holds. */
  const sizesOf = (names: readonly string[]): Promise<ReadonlyMap<string, number>> =>
    link.use(async (client) => {
      const sizes = names.flatMap((processor) =>
        ALL_KEYS.map(async (name): Promise<[string, number]> => {
          const key = keys.queue(processor, name);
          return [key, await (LISTS.includes(name) ? client.llen(key) : client.zcard(key))];
        }),
      );
      return new Map(await Promise.all(sizes));
    });

  const listedIn = async (processor: string, names: readonly QueueKey[]): Promise<readonly Listed[]> => {
    const ids = await link.use((client) =>
      Promise.all(
        names.map((name) => {
          const key = keys.queue(processor, name);
          return LISTS.includes(name) ? client.lrange(key, 0, -1) : client.zrange(key, "0", "-1");
        }),
      ),
    );
    const all = [...new Set(ids.flat())].filter(isJobId);
    if (all.length === 0) return [];
    const [times, places] = await Promise.all([
      link.use((client) => client.zmscore(keys.jobs, ...all)),
      locator.places(all),
    ]);
    return all.flatMap((id, i) =>
      times[i] == null ? [] : { processor, ...places[i], id, createdAt: Number(times[i]) },
    );
  };

  return {
    // Whose one is that the index has lost, its record says when it is read.
    isForeign: ({ tenant = locator.tenant }) => locator.tenant !== undefined && tenant !== locator.tenant,
    async smallSet({ status, processor }, most) {
      if (status === undefined && processor === undefined) return undefined;
      const names = processor === undefined ? await locator.processors() : [processor];
      const wanted = status === undefined ? ALL_KEYS : PLACES[status].keys;
      const sizes = await sizesOf(names);
      const sum = (which: readonly QueueKey[]) =>
        names
          .flatMap((name) => keys.queueAll(name, which))
          .reduce((total, key) => total + (sizes.get(key) ?? 0), 0);
      if (sum(wanted) > most) return undefined;
      // Jobs of a processor that is not known any more are found by going through the index.
      const areAll =
        processor !== undefined || sum(ALL_KEYS) >= (await link.use((client) => client.zcard(keys.jobs)));
      if (!areAll) return undefined;
      const listed = await Promise.all(names.map((name) => listedIn(name, wanted)));
      return listed.flat().sort(inOrder);
    },
    following: (after, limit) => locator.following(after, limit),
    async prefilter(listed, wanted) {
      const names = [...new Set(listed.map(({ processor }) => processor))];
      const groups = await Promise.all(
        names.map((name) => {
          const group = listed.filter(({ processor }) => processor === name);
          if (name !== undefined) return prefilterOne(name, group, wanted);
          return group.map((each) => ({ listed: each, request: undefined, failedReason: undefined }));
        }),
      );
      const found = new Map(groups.flat().map((each) => [each.listed, each]));
      return listed.flatMap((each) => found.get(each) ?? []);
    },
    jobs: (listed) => Promise.all(listed.map(jobOf)),
  };
}
