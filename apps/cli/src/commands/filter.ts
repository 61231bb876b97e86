import type { Job } from "@drover/client";
import type { JobFilter, JobStatus } from "@drover/contract";
import { UsageError } from "../exit.js";
import type { Context } from "./context.js";

/** What commands that work on many jobs choose them by. */
export interface FilterOptions {
  readonly processor?: string;
  /** `name=value` each. */
  readonly tag?: readonly string[];
  /** A date, a time, or an age as `7d`. */
  readonly createdAfter?: string;
}

/** Jobs of a page when all of them are wanted: the most that a page may have. */
const PAGE = 200;

/**
 * The filter that the options stand for.
 * @throws `UsageError` for a tag without a name, and for a time that is none.
 */
export function filterOf({ processor, tag, createdAfter }: FilterOptions): JobFilter {
  return {
    ...(processor === undefined ? {} : { processor }),
    ...(tag === undefined ? {} : { tag: pairsOf(tag, "--tag", (text) => text) }),
    ...(createdAfter === undefined ? {} : { created_after: momentOf(createdAfter, "--created-after") }),
  };
}

/** Every job of the statuses that matches, of each status newest first; read page by page as it is asked for. */
export async function* jobsOf(
  { client }: Context,
  statuses: readonly JobStatus[],
  { filter, signal }: { readonly filter: JobFilter; readonly signal: AbortSignal },
): AsyncGenerator<Job> {
  for (const status of statuses) yield* client.listAll({ ...filter, status, limit: PAGE }, { signal });
}

/**
 * `["a=1", "b=x"]` as an object.
 * @throws `UsageError` for one without "=" or without a name.
 */
export function pairsOf<T>(
  pairs: readonly string[],
  option: string,
  parse: (text: string) => T,
): Record<string, T> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`${option} is name=value; got "${pair}".`);
      return [pair.slice(0, at), parse(pair.slice(at + 1))];
    }),
  );
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * An age as `90s`, `30m`, `12h` or `7d`, in ms.
 * @throws `UsageError` for anything else.
 */
export function ageMs(text: string, option: string): number {
  const age = ageOf(text);
  if (age === undefined) throw new UsageError(`${option} is an age as 30m, 12h or 7d; got "${text}".`);
  return age;
}

function ageOf(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return count === "" ? undefined : Number(count) * (UNITS_MS[unit] ?? 0);
}

/** A moment on the wire; a date is its beginning in this machine's time zone. */
function momentOf(text: string, option: string): string {
  const age = ageOf(text);
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const local = text.length === "2026-01-31".length ? `${text}T00:00` : text;
  const ms = age === undefined ? Date.parse(isIso ? local : "") : Date.now() - age;
  if (Number.isNaN(ms))
    throw new UsageError(
      `${option} is a date, a time or an age, as 2026-01-31, 2026-01-31T08:00Z or 7d; got "${text}".`,
    );
  return new Date(ms).toISOString();
}
