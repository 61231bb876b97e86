import { SETTINGS, type Setting, type SettingName } from "./settings.js";

type ValueOf<S> = S extends { kind: "integer" | "bytes" | "durationMs" }
  ? number
  : S extends { kind: "boolean" }
    ? boolean
    : S extends { kind: "list" }
      ? readonly string[]
      : S extends { kind: "choice"; choices: readonly (infer C)[] }
        ? C
        : S extends { default: string }
          ? string
          : string | undefined;

/** The values of all settings, by variable name. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof SETTINGS)[N]> };

/** Thrown with every mistake of an environment at once, a line each. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * The settings that an environment spells, defaults filled in; an empty variable counts as absent.
 * @throws `SettingsError` listing every mistake.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = env[name]?.trim();
    if (text === undefined || text === "") {
      values[name] = setting.default;
      continue;
    }
    const parsed = parseValue(setting, text);
    if (parsed.ok) values[name] = parsed.value;
    else mistakes.push(`${name}: expected ${parsed.expected}; got "${parsed.got ?? text}".`);
  }
  if (mistakes.length > 0)
    throw new SettingsError(`Wrong settings:\n${mistakes.map((m) => `  ${m}`).join("\n")}`);
  return values as Settings; // every name of the table was just filled by its kind
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string; readonly got?: string };

function parseValue(setting: Setting, text: string): Parsed {
  switch (setting.kind) {
    case "text":
      return { ok: true, value: text };
    case "url":
      return parseUrl(setting, text);
    case "list": {
      const value = text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      const { entry } = setting;
      if (entry === undefined || value.every(entry.accepts)) return { ok: true, value };
      return { ok: false, expected: entry.expected };
    }
    case "choice":
      return setting.choices.includes(text)
        ? { ok: true, value: text }
        : { ok: false, expected: `one of ${setting.choices.join(", ")}` };
    case "boolean":
      return text === "true" || text === "false"
        ? { ok: true, value: text === "true" }
        : { ok: false, expected: "true or false" };
    default:
      return parseQuantity(setting, text);
  }
}

/** What came is told by its scheme only: the rest of an address can hold a password. */
function parseUrl({ schemes }: Extract<Setting, { kind: "url" }>, text: string): Parsed {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/[^/]/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && schemes.includes(scheme) && URL.canParse(text))
    return { ok: true, value: text };
  const expected = `an address that starts with ${schemes.map((known) => `${known}://`).join(" or ")}`;
  return { ok: false, expected, got: scheme === undefined ? "something else" : `${scheme}://…` };
}

const UNITS: Readonly<Record<"integer" | "bytes" | "durationMs", Readonly<Record<string, number>>>> = {
  integer: { "": 1 },
  bytes: { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 },
  durationMs: { "": 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
};

function parseQuantity(setting: Extract<Setting, { min: number }>, text: string): Parsed {
  const expected = `a ${setting.kind === "durationMs" ? "duration (as 30s, 5m, 7d)" : setting.kind === "bytes" ? "size (as 500m, 4g)" : "whole number"} from ${formatValue(setting, setting.min)} to ${formatValue(setting, setting.max)}`;
  const match = /^(-?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
  const factor = UNITS[setting.kind][match?.[2]?.toLowerCase() ?? ""];
  const value = Number(match?.[1]) * (factor ?? Number.NaN);
  const fits = Number.isSafeInteger(value) && value >= setting.min && value <= setting.max;
  return fits ? { ok: true, value } : { ok: false, expected };
}

/** Read by clients; a server started from the same shell sees them too. */
const CLIENT_VARIABLES: readonly string[] = ["DROVER_URL", "DROVER_API_KEY"];

/**
 * A sentence for each variable that starts with `DROVER_` and is no setting: most likely misspelt, so the
 * processes log them at start. Names the setting that it is nearest to, when it is near one.
 */
export function misspeltSettings(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = [...Object.keys(SETTINGS), ...CLIENT_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith("DROVER_") && !known.includes(name))
    .map((name) => {
      const [nearest] = known
        .map((candidate) => ({ candidate, edits: editsBetween(name, candidate) }))
        .filter(({ edits }) => edits <= MAX_EDITS)
        .sort((a, b) => a.edits - b.edits);
      const question = nearest === undefined ? "it is ignored." : `did you mean ${nearest.candidate}?`;
      return `${name} is not a setting; ${question}`;
    });
}

/** More letters that differ, and it is another word. */
const MAX_EDITS = 3;

/** Levenshtein distance: letters to insert, remove or replace. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const [above = 0, left = 0, diagonal = 0] = [row[j + 1], next[j], row[j]];
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** A setting's value as a person writes it: `7d`, `4g`, `a,b`; empty for none. */
export function formatValue(setting: Setting, value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.join(",");
  if ((setting.kind === "bytes" || setting.kind === "durationMs") && typeof value === "number" && value > 0) {
    const units = Object.entries(UNITS[setting.kind]).filter(
      ([unit, factor]) => unit !== "" && unit !== "b" && value % factor === 0,
    );
    const largest = units.at(-1);
    return largest === undefined ? String(value) : `${value / largest[1]}${largest[0]}`;
  }
  return String(value);
}
