import type { Job, JobEvent, JobHistory, JobId } from "@drover/core";
import { decodeEvent, decodeLogLine, HISTORY_LIMIT } from "../history.js";
import type { RedisKeys } from "../keys.js";
import type { RedisLink } from "../redis.js";

/** How long a job's events outlive the last of them, should the job's end not take them along. */
export const HISTORY_TTL_MS = 30 * 86_400_000;

/** Adds events to a job's history, if the job exists. */
export async function appendEvents(
  link: RedisLink,
  keys: RedisKeys,
  job: { processor: string; id: JobId },
  ...events: readonly JobEvent[]
): Promise<void> {
  const args = [HISTORY_LIMIT, HISTORY_TTL_MS, ...events.map((event) => JSON.stringify(event))];
  await link.run(
    "append-event",
    [keys.job(job.processor, job.id), keys.history(job.processor, job.id)],
    args,
  );
}

/** Notes that the worker of a job was lost, unless that is known already. Returns the number of the lost attempt, or 0. */
export async function noteLostWorker(
  link: RedisLink,
  keys: RedisKeys,
  job: { processor: string; id: JobId; at: number },
): Promise<number> {
  const { processor, id, at } = job;
  const scriptKeys = [keys.job(processor, id), keys.history(processor, id), keys.queue(processor, "active")];
  return Number(await link.run("note-lost", scriptKeys, [id, at, HISTORY_LIMIT, HISTORY_TTL_MS]));
}

/** A job's events and log lines. The first and the last event are not stored: the job itself says when it was accepted and how it ended. */
export async function readHistory(link: RedisLink, keys: RedisKeys, job: Job): Promise<JobHistory> {
  const lists = [keys.history(job.processor, job.id), keys.logs(job.processor, job.id)];
  const [events, logs] = (await link.run("history", lists, [HISTORY_LIMIT])) as [string[], string[]];
  const finished = finishedEvent(job);
  return {
    events: [
      { type: "accepted", at: job.createdAt },
      ...events.flatMap(decodeEvent),
      ...(finished === undefined ? [] : [finished]),
    ],
    logs: logs.flatMap(decodeLogLine),
  };
}

/** How the job ended, as an event; `undefined` while it has not. */
export function finishedEvent(job: Job): JobEvent | undefined {
  const { status, finishedAt, attempt, error } = job;
  if (finishedAt === null || status === "queued" || status === "running") return undefined;
  return { type: "finished", at: finishedAt, attempt, status, code: error?.code ?? null };
}
