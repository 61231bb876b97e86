import {
  type Catalogue,
  type Log,
  MAX_CATALOGUE_ENTRY_BYTES,
  type ProcessorInfo,
  type WorkerInfo,
} from "@drover/core";
import { isNumber, isObject, isTime } from "../record-checks.js";
import { errorReporter } from "../redis-connections.js";
import type { RedisKeys } from "../redis-keys.js";
import type { RedisLink } from "../redis-link.js";

const WORKER_TTL_MS = 15_000;
const PROCESSOR_TTL_MS = 7 * 86_400_000;
const DRAIN_TTL_MS = 86_400_000;

/** Heartbeats in two hashes, stamped and judged by the server's clock. */
export function redisCatalogue(link: RedisLink, keys: RedisKeys, log: Log): Catalogue {
  const scriptKeys = [keys.workers, keys.processors, keys.drains];
  const report = errorReporter(log, "catalogue");
  return {
    async announce(worker, processors) {
      const entries = processors.flatMap((processor) => [processor.name, encodeEntry(processor)]);
      const args = [worker.id, encodeEntry(worker), PROCESSOR_TTL_MS, ...entries];
      return { isDrainAsked: (await link.run("announce", scriptKeys, args)) === 1 };
    },
    async askDrain(workerId) {
      await link.run("ask-drain", [keys.drains], [workerId, DRAIN_TTL_MS]);
    },
    async withdraw(workerId) {
      await link.use((client) => client.hdel(keys.workers, workerId));
    },
    async read() {
      const [workers, processors, drains] = (await link.run("catalogue", scriptKeys, [
        WORKER_TTL_MS,
        PROCESSOR_TTL_MS,
        DRAIN_TTL_MS,
      ])) as [string[], string[], string[]];
      const found = {
        workers: workers.map(splitEntry).flatMap(({ at, json }) =>
          decodeWorkerInfo(json).map((worker) => ({
            ...worker,
            heardAt: at,
            isDrainAsked: drains.includes(worker.id),
          })),
        ),
        processors: processors.map(splitEntry).flatMap(({ json }) => decodeProcessorInfo(json)),
        drains,
      };
      const ignored = workers.length + processors.length - found.workers.length - found.processors.length;
      if (ignored > 0)
        report(
          `${ignored} entries are ignored: over ${MAX_CATALOGUE_ENTRY_BYTES} bytes, ` +
            "or not what a worker writes",
        );
      return { ...found, processors: found.processors.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
  };
}

/** An entry as `announce.lua` writes it: when, and what. */
function splitEntry(entry: string): { readonly at: number; readonly json: string } {
  const end = entry.indexOf(" ");
  return { at: Number(entry.slice(0, end)), json: entry.slice(end + 1) };
}

/**
 * A worker's or a processor's entry as JSON.
 * @throws `RangeError` past `MAX_CATALOGUE_ENTRY_BYTES`: no reader would take it.
 */
function encodeEntry(info: WorkerInfo | ProcessorInfo): string {
  const json = JSON.stringify(info);
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_CATALOGUE_ENTRY_BYTES) return json;
  throw new RangeError(
    `An entry of the catalogue has ${bytes} bytes; at most ${MAX_CATALOGUE_ENTRY_BYTES} are read.`,
  );
}

/** The processor that an entry describes; none when it is too large or not what a worker writes. */
function decodeProcessorInfo(json: string): readonly ProcessorInfo[] {
  const info = parse(json);
  if (!isObject(info) || !isObject(info["accepts"]) || !isObject(info["limits"])) return [];
  const { extensions, mediaTypes } = info["accepts"];
  const { maxInputBytes, timeoutMs, maxRssBytes, maxAttempts } = info["limits"];
  const isWhole =
    typeof info["name"] === "string" &&
    PROCESSOR_NAME.test(info["name"]) &&
    typeof info["version"] === "string" &&
    typeof info["description"] === "string" &&
    areTexts(extensions) &&
    areTexts(mediaTypes) &&
    [maxInputBytes, timeoutMs, maxRssBytes, maxAttempts].every(isCount) &&
    isObject(info["paramsSchema"]);
  return isWhole ? [info as unknown as ProcessorInfo] : []; // every member was looked at
}

/** The worker that an entry describes; none when it is too large or not what a worker writes. */
function decodeWorkerInfo(json: string): readonly WorkerInfo[] {
  const info = parse(json);
  if (!isObject(info)) return [];
  const isWhole =
    typeof info["id"] === "string" &&
    typeof info["host"] === "string" &&
    isCount(info["pid"]) &&
    isCount(info["slots"]) &&
    areTexts(info["processors"]) &&
    isTime(info["startedAt"]);
  return isWhole ? [info as unknown as WorkerInfo] : []; // every member was looked at
}

/** The name of a queue: BullMQ refuses a colon, keys and paths want more care. */
const PROCESSOR_NAME = /^[a-z][a-z0-9-]{0,63}$/;

function isCount(value: unknown): boolean {
  return isNumber(value, 0, Number.MAX_SAFE_INTEGER);
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function parse(json: string): unknown {
  if (Buffer.byteLength(json) > MAX_CATALOGUE_ENTRY_BYTES) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
