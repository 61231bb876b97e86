import { z } from "zod";

/** Which process reads a setting. */
export type SettingReader = "api" | "worker" | "both";

/** What is known of a setting beside its schema. */
export interface SettingInfo {
  readonly reader: SettingReader;
  readonly help: string;
  readonly default: unknown;
  /** A value as a person writes it: `7d`, `4g`, `a,b`. */
  readonly format: (value: unknown) => string;
  /** Of a choice. */
  readonly choices?: readonly string[];
  /** Of a quantity. */
  readonly min?: number;
  readonly max?: number;
}

/** The settings' schemas, each with its `SettingInfo`. */
export const settingInfos = z.registry<SettingInfo>();

interface Said {
  readonly reader: SettingReader;
  readonly help: string;
}

/** Any text. */
export function text(said: Said & { readonly default: string }) {
  return z
    .string()
    .default(said.default)
    .register(settingInfos, { ...said, format: String });
}

/** Any text, or none. */
export function optionalText(said: Said) {
  return z
    .string()
    .optional()
    .register(settingInfos, { ...said, default: undefined, format: (value) => String(value ?? "") });
}

/** One of several words. */
export function choice<const C extends readonly [string, ...string[]]>(
  said: Said & { readonly choices: C; readonly default: C[number] },
) {
  return z
    .enum(said.choices, { error: ({ input }) => mistake(`one of ${said.choices.join(", ")}`, String(input)) })
    .default(said.default)
    .register(settingInfos, { ...said, format: String });
}

/** An address with one of the schemes. A mistake tells the scheme only: the rest can hold a password. */
export function address(said: Said & { readonly schemes: readonly string[]; readonly default: string }) {
  const { schemes } = said;
  const expected = `an address that starts with ${schemes.map((known) => `${known}://`).join(" or ")}`;
  const schemeOf = (value: string) => /^([a-z][a-z0-9+.-]*):\/\/[^/]/i.exec(value)?.[1]?.toLowerCase();
  return z
    .string()
    .refine((value) => schemes.includes(schemeOf(value) ?? "") && URL.canParse(value), {
      error: ({ input }) => {
        const scheme = schemeOf(String(input));
        return mistake(expected, scheme === undefined ? "something else" : `${scheme}://…`);
      },
    })
    .default(said.default)
    .register(settingInfos, { ...said, format: String });
}

/** Entries separated by commas. `entry` says what each must be, and how a mistake names it. Default: anything. */
export function list(
  said: Said & {
    readonly default: readonly string[];
    readonly entry?: { readonly accepts: (text: string) => boolean; readonly expected: string };
  },
) {
  const { entry } = said;
  return z
    .string()
    .transform((value, context): readonly string[] => {
      const entries = value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      if (entry !== undefined && !entries.every(entry.accepts))
        context.addIssue(mistake(entry.expected, value));
      return entries;
    })
    .default(said.default)
    .register(settingInfos, { ...said, format: (value) => (value as readonly string[]).join(",") });
}

interface Bounds extends Said {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** A whole number. */
export const integer = (said: Bounds) => quantity({ "": 1 }, "whole number", said);

/** Bytes; `k`, `m`, `g`, `t` are powers of 1,024. */
export const bytes = (said: Bounds) =>
  quantity({ "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }, "size (as 500m, 4g)", said);

/** Milliseconds; `ms`, `s`, `m`, `h`, `d` may follow. */
export const duration = (said: Bounds) =>
  quantity(
    { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
    "duration (as 30s, 5m, 7d)",
    said,
  );

/** @param units what a number stands for with the unit behind it, the smallest first. */
function quantity(units: Readonly<Record<string, number>>, name: string, said: Bounds) {
  const { min, max } = said;
  const format = (value: unknown) => formatQuantity(units, Number(value));
  const expected = `a ${name} from ${format(min)} to ${format(max)}`;
  return z
    .string()
    .transform((written, context) => {
      const match = /^(-?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(written);
      const factor = units[match?.[2]?.toLowerCase() ?? ""];
      const value = Number(match?.[1]) * (factor ?? Number.NaN);
      if (!Number.isSafeInteger(value) || value < min || value > max)
        context.addIssue(mistake(expected, written));
      return value;
    })
    .default(said.default)
    .register(settingInfos, { ...said, format });
}

/** In the largest unit that leaves a whole number. */
function formatQuantity(units: Readonly<Record<string, number>>, value: number): string {
  const largest = Object.entries(units).findLast(
    ([unit, factor]) => unit !== "" && unit !== "b" && value > 0 && value % factor === 0,
  );
  return largest === undefined ? String(value) : `${value / largest[1]}${largest[0]}`;
}

function mistake(expected: string, got: string): string {
  return `expected ${expected}; got "${got}".`;
}
