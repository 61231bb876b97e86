import { z } from "zod";

/*
 * The kinds of settings: schemas whose input is the text of a variable. `z.encode` gives the text of a value,
 * as a person writes it. A text that is none is told by one issue: what was expected and what came.
 */

/** Bounds of a number, both included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number. */
export function integer(bounds: Bounds) {
  return quantity("whole number", { "": 1 }, bounds);
}

/** A number of bytes, as `500m`: `b`, `k`, `m`, `g`, `t` are powers of 1,024. Bytes without a unit. */
export function bytes(bounds: Bounds) {
  const units = { b: 1, "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
  return quantity("size (as 500m, 4g)", units, bounds);
}

/** A number of ms, as `30s`: `ms`, `s`, `m`, `h`, `d`. Milliseconds without a unit. */
export function duration(bounds: Bounds) {
  const units = { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return quantity("duration (as 30s, 5m, 7d)", units, bounds);
}

/** @param units their factors, the smallest first; of two that are equal, the last is printed. */
function quantity(what: string, units: Readonly<Record<string, number>>, { min, max }: Bounds) {
  const print = (value: number) => {
    const unit = Object.entries(units).findLast(([, factor]) => value > 0 && value % factor === 0);
    return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
  };
  const range = z.int().min(min).max(max);
  return z.codec(z.string(), range, {
    decode(text, context) {
      const match = /^(-?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
      const factor = units[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN;
      const { data } = range.safeParse(Number(match?.[1]) * factor);
      if (data !== undefined) return data;
      const message = mistake(`a ${what} from ${print(min)} to ${print(max)}`, text);
      context.issues.push({ code: "custom", message, input: text });
      return z.NEVER;
    },
    encode: print,
  });
}

/** One of a few words, in the case that they are given in. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: ({ input }) => mistake(`one of ${words.join(", ")}`, String(input)) });
}

/** What each entry of a list must be, and how a mistake names it. */
export interface Entry {
  readonly accepts: (text: string, entries: readonly string[]) => boolean;
  readonly expected: string;
}

/** Texts between commas, without the blanks around them; empty ones do not count. */
export function list({ accepts, expected }: Entry = { accepts: () => true, expected: "a list" }) {
  return z.codec(z.string(), z.array(z.string()).readonly(), {
    decode(text, context) {
      const entries = text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      if (!entries.every((text) => accepts(text, entries)))
        context.issues.push({ code: "custom", message: mistake(expected, text), input: text });
      return entries;
    },
    encode: (entries) => entries.join(","),
  });
}

/** A URL with one of the schemes. A mistake tells its scheme only: the rest can hold a password. */
export function address(schemes: readonly string[]) {
  const schemeOf = (text: string) => /^([a-z][a-z0-9+.-]*):\/\/[^/]/i.exec(text)?.[1]?.toLowerCase();
  const expected = `an address that starts with ${schemes.map((known) => `${known}://`).join(" or ")}`;
  return z.string().refine((text) => schemes.includes(schemeOf(text) ?? "") && URL.canParse(text), {
    error({ input }) {
      const scheme = schemeOf(String(input));
      return mistake(expected, scheme === undefined ? "something else" : `${scheme}://…`);
    },
  });
}

function mistake(expected: string, got: string): string {
  return `expected ${expected}; got "${got}".`;
}
