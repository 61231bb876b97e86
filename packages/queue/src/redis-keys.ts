import type { JobId } from "@drover/core";
import { lockKey, logsKey, type QueueKey, queueKey } from "./bullmq/bullmq-internals.js";

/** Stands for all tenants but the default one; the name of none. */
export const NOT_DEFAULT = "!default";

/**
 * Every Redis key, built here and nowhere else. Keys that one script touches share a hash tag, so that they
 * live on one node of a cluster.
 *
 * | key | type | what | lives |
 * |---|---|---|---|
 * | `{p:q}:q:*` | BullMQ's | the queue of processor q | with its jobs |
 * | `{p:q}:q:<job>` | hash | the job; own fields `drover:*`; of a completed job its events too | with the job |
 * | `{p:q}:q:<job>:history` | list | events, newest 500 | until the job is condensed or goes, or 30 days after the last one |
 * | `{p}:index` | hash | job → `q`, or `q tenant` of a tenant other than `default`: which queue it is in | with its jobs |
 * | `{p}:jobs` | zset | all jobs by time of submit, ms since the epoch | with its jobs |
 * | `{p}:jobs:<tenant>` | zset | those of a tenant other than `default` | with its jobs |
 * | `{p:q}:q:<job>:expired` | string | the sweeper erased the job: nothing of it comes back | 30 days |
 * | `{p:q}:ends:<span>` | hash | how many jobs of q ended how in ten minutes, and how long they took | 8 days |
 * | `{p:q}:ends:<span>:<tenant>` | hash | of these, those of a tenant other than `default`; of all such as `!default` | 8 days |
 * | `{p}:workers`, `{p}:processors` | hash | heartbeats | 15 s, 7 days |
 * | `{p}:drains` | zset | workers that were asked to stop, by when, ms since the epoch | a day |
 * | `{p}:storage-samples` | zset | how full the storage was, one sample for ten minutes | 25 h |
 * | `{p}:installation` | string | `new <id>` or `bound <id>`: which store belongs to this server | for ever |
 * | `{p}:apis` | hash | heartbeats of the apis | 15 s |
 * | `{p}:fact:<name>` | string | tombstones, canary | as given |
 * | `{p}:lease:<name>` | string | which process sweeps | some seconds |
 * | `{p}:queue-deadlines` | zset | `<job> <q>` by the time until which an attempt has to begin | until then |
 * | `{p:q}:q:line:<tenant>` | zset | the tenant's waiting jobs by their scores in `prioritized` | while jobs wait |
 * | `{p:q}:q:turns` | zset | tenants that have a line by the number of their latest turn | while jobs wait |
 * | `{p:q}:q:running` | hash | job → tenant, of jobs that run or ran lately | while jobs wait |
 * | `{p:q}:q:limits` | hash | tenant, or `*` → how many of its jobs may run, as the workers were told | while there are any |
 * | `{p:q}:q:webhooks` | hash | job → the receiver that it names | with the job |
 * | `{p:q}:q:webhooks:position` | string | up to where in `events` webhooks were told | for ever |
 * | `{p:q}:q:webhooks:owed` | list | ends that `events` does not tell: a job as JSON, or its id | until they are told |
 * | `{p:q}:q:bytes` | hash | job → the bytes that it takes in the store, and its tenant | with the job |
 * | `{p:q}:q:bytes:stored` | hash | tenant → the bytes that its jobs take | with its jobs |
 * | `{p}:endpoints` | hash | registered endpoints | until they are removed |
 * | `{p}:deliveries:<job>` | hash | deliveries, newest 200 | with the job, at most 30 days after the last change |
 * | `{p}:webhooks:*` | BullMQ's | the queue of pending deliveries | until they ended |
 * | `{p}:keys` | hash | API keys by id, as JSON with the SHA-256 of each in the place of the key | until they are revoked |
 * | `{p}:token-secret` | string | what tokens of jobs are signed with | for ever |
 * | `{p}:limits` | hash | tenant → limits that it has of its own, as JSON | until they are removed |
 * | `{p}:minute:<name>` | string | how many requests one tenant or address made | a minute |
 * | `{p}:audit` | stream | what operators did, about the newest 10,000 | for ever |
 * | `{p}:session:<digest>` | string | id of the key that a browser was signed in with | 12 h |
 * | `{p}:synced` | string | what is written to learn whether Redis has synced what came before | for ever |
 */
export function redisKeys(prefix: string) {
  const own = `{${prefix}}`;
  const queuePrefix = (processor: string) => `{${prefix}:${processor}}`;
  const queue = (processor: string, name: QueueKey) => queueKey(queuePrefix(processor), processor, name);
  const job = (processor: string, id: JobId) => queueKey(queuePrefix(processor), processor, id);
  return {
    index: `${own}:index`,
    jobs: `${own}:jobs`,
    /** The jobs of a tenant other than the default one. The scripts of the index build it too. */
    jobsOf: (tenant: string) => `${own}:jobs:${tenant}`,
    workers: `${own}:workers`,
    processors: `${own}:processors`,
    drains: `${own}:drains`,
    storageSamples: `${own}:storage-samples`,
    installation: `${own}:installation`,
    apis: `${own}:apis`,
    fact: (name: string) => `${own}:fact:${name}`,
    lease: (name: string) => `${own}:lease:${name}`,
    queueDeadlines: `${own}:queue-deadlines`,
    limits: `${own}:limits`,
    /** The library adds ":" and a name. */
    minutes: `${own}:minute`,
    audit: `${own}:audit`,
    session: (digest: string) => `${own}:session:${digest}`,
    synced: `${own}:synced`,
    endpoints: `${own}:endpoints`,
    apiKeys: `${own}:keys`,
    tokenSecret: `${own}:token-secret`,
    deliveries: (id: JobId) => `${own}:deliveries:${id}`,
    /** BullMQ's own prefix for the queue of deliveries; no processor's queue has it. */
    deliveryQueuePrefix: own,
    /** This and the other keys of lines are built in `scripts/lines.lua` too. */
    line: (processor: string, tenant: string) =>
      queueKey(queuePrefix(processor), processor, `line:${tenant}`),
    runningLimits: (processor: string) => queueKey(queuePrefix(processor), processor, "limits"),
    /** Receivers that jobs of the processor name. */
    receivers: (processor: string) => queueKey(queuePrefix(processor), processor, "webhooks"),
    toldPosition: (processor: string) => queueKey(queuePrefix(processor), processor, "webhooks:position"),
    owedEnds: (processor: string) => queueKey(queuePrefix(processor), processor, "webhooks:owed"),
    jobBytes: (processor: string) => queueKey(queuePrefix(processor), processor, "bytes"),
    storedBytes: (processor: string) => queueKey(queuePrefix(processor), processor, "bytes:stored"),
    /** BullMQ's own prefix for the queue of a processor. */
    queuePrefix,
    /** Counts of the span that begins then, in ms since the epoch. */
    ends: (processor: string, span: number) => `${queuePrefix(processor)}:ends:${span}`,
    /** Those of a tenant other than the default one, or of all such tenants. */
    endsOf: (processor: string, span: number, tenant: string | typeof NOT_DEFAULT) =>
      `${queuePrefix(processor)}:ends:${span}:${tenant}`,
    /** A key of the queue. */
    queue,
    /** The same for several names. */
    queueAll: (processor: string, names: readonly QueueKey[]) => names.map((name) => queue(processor, name)),
    job,
    lock: (processor: string, id: JobId) => lockKey(job(processor, id)),
    logs: (processor: string, id: JobId) => logsKey(job(processor, id)),
    expired: (processor: string, id: JobId) => `${job(processor, id)}:expired`,
    history: (processor: string, id: JobId) => `${job(processor, id)}:history`,
  };
}

export type RedisKeys = ReturnType<typeof redisKeys>;
