import { ARTIFACT_NAME, BLOB_KEY } from "@drover/core";

/** What is wrong with a job's record, in words that may follow "its". */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
}

export type Members = Readonly<Record<string, unknown>>;

/** Latest time that a `Date` can hold, in ms since the epoch (ECMA-262, 21.4.1.1). */
const MAX_TIME_MS = 8.64e15;
/** Printable ASCII: what a header may carry. */
const HEADER_TEXT = /^[\x20-\x7e]{0,255}$/;
const MAX_CRC32 = 0xffffffff;
const HEX = /^[0-9a-fA-F]{0,128}$/;

/**
 * The value that `json` spells.
 * @throws {DamagedError} when it is not JSON.
 */
export function jsonOf(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new DamagedError(`${what} is not JSON`);
  }
}

/**
 * The members of an object.
 * @throws {DamagedError} for anything else.
 */
export function membersOf(value: unknown, what: string): Members {
  if (isObject(value)) return value;
  throw new DamagedError(`${what} is ${value === undefined ? "missing" : "no object"}`);
}

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isNumber(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && value >= min && value <= max;
}

export function isTime(value: unknown): value is number {
  return isNumber(value, 0, MAX_TIME_MS);
}

/**
 * A number from 0 that Redis keeps as text; `otherwise` for none.
 * @throws {DamagedError} for another text.
 */
export function countOf(text: string | null | undefined, what: string, otherwise = 0): number {
  if (text === null || text === undefined) return otherwise;
  const value = /^\d{1,16}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (isTime(value)) return value;
  throw new DamagedError(`${what} is no number`);
}

/** @throws {DamagedError} unless `value` is the description of an uploaded file. */
export function checkInput(value: unknown): void {
  const input = membersOf(value, "input");
  check(typeof input["filename"] === "string", "input has no file name");
  check(isText(input["key"], BLOB_KEY), "input names no file");
  check(isFileFacts(input), "input is not described");
}

/** @throws {DamagedError} unless `value` is a list of published files. */
export function checkArtifacts(value: unknown): void {
  check(Array.isArray(value), "list of artifacts is missing");
  for (const entry of value as readonly unknown[]) {
    const artifact = membersOf(entry, "artifact");
    const isNamed = isText(artifact["name"], ARTIFACT_NAME) && isText(artifact["key"], BLOB_KEY);
    check(isNamed && isFileFacts(artifact), "list of artifacts is damaged");
    check(typeof artifact["isPrimary"] === "boolean", "list of artifacts is damaged");
    const { crc32 = 0, gzip } = artifact;
    const isStored = gzip === undefined || (isObject(gzip) && isSized(gzip));
    check(isNumber(crc32, 0, MAX_CRC32) && isStored, "list of artifacts is damaged");
  }
}

function isFileFacts(file: Members): boolean {
  return isSized(file) && isText(file["mediaType"], HEADER_TEXT);
}

function isSized(bytes: Members): boolean {
  return isNumber(bytes["sizeBytes"], 0, Number.MAX_SAFE_INTEGER) && isText(bytes["sha256"], HEX);
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

/** @throws {DamagedError} of the text unless the condition holds. */
export function check(condition: boolean, damage: string): void {
  if (!condition) throw new DamagedError(damage);
}
