import { isJobId, type JobRef, type JobRequest, type JobWebhook, WEBHOOK_EVENTS } from "@drover/core";
import { isObject } from "../record-checks.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

/*
 * The receivers that jobs name, in a hash beside their queue: not among the data of the job, which the board
 * shows, since they have secrets. An empty hash also says that nothing has to be looked for.
 */

/** Keeps the receiver that the job names, if it does; to be done before the job is queued. */
export async function keepReceiver(link: RedisLink, keys: RedisKeys, request: JobRequest): Promise<void> {
  const { id, processor, webhook } = request;
  if (webhook === undefined) return;
  await link.use((client) => client.hsetnx(keys.receivers(processor), id, JSON.stringify(webhook)));
}

/** Forgets the receiver of a job that was not queued after all. */
export async function dropReceiver(link: RedisLink, keys: RedisKeys, request: JobRequest): Promise<void> {
  if (request.webhook === undefined) return;
  await link.use((client) => client.hdel(keys.receivers(request.processor), request.id));
}

/** The receiver that the job names; `undefined` for none, also when it cannot be read. */
export async function receiverOf(
  link: RedisLink,
  keys: RedisKeys,
  { processor, id }: JobRef,
): Promise<JobWebhook | undefined> {
  if (!isJobId(id)) return undefined;
  const json = await link.use((client) => client.hget(keys.receivers(processor), id));
  if (json === null) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value) || typeof value["url"] !== "string" || typeof value["secret"] !== "string")
      return undefined;
    const named = value["events"];
    const events = WEBHOOK_EVENTS.filter((event) => Array.isArray(named) && named.includes(event));
    return { url: value["url"], secret: value["secret"], events };
  } catch {
    return undefined;
  }
}
