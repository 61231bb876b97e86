import { MAX_CATALOGUE_ENTRY_BYTES, type ProcessorInfo, type WorkerInfo } from "@drover/core";
import { isNumber, isObject, isTime } from "./record-checks.js";

/** A worker's or a processor's entry as JSON. Throws `RangeError` past `MAX_CATALOGUE_ENTRY_BYTES`: no reader would take it. */
export function encodeEntry(info: WorkerInfo | ProcessorInfo): string {
  const json = JSON.stringify(info);
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_CATALOGUE_ENTRY_BYTES) return json;
  throw new RangeError(
    `An entry of the catalogue has ${bytes} bytes; at most ${MAX_CATALOGUE_ENTRY_BYTES} are read.`,
  );
}

/** The processor that an entry describes; none when it is too large or not what a worker writes. */
export function decodeProcessorInfo(json: string): readonly ProcessorInfo[] {
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
export function decodeWorkerInfo(json: string): readonly WorkerInfo[] {
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
