import { SettingsError } from "@drover/core";
import { type Settings, settingsSchema } from "./settings-table.js";

/**
 * @returns the settings that an environment spells, defaults filled in. Blanks around a text do not count; an
 *   empty variable counts as absent.
 * @throws `SettingsError` listing every mistake.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const spelt = Object.keys(settingsSchema.shape).map((name) => [name, env[name]?.trim() || undefined]);
  const parsed = settingsSchema.safeParse(Object.fromEntries(spelt));
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`);
  throw new SettingsError(`Wrong settings:\n${mistakes.join("\n")}`);
}

/** Read by clients; a server started from the same shell sees them too. */
const CLIENT_VARIABLES: readonly string[] = ["DROVER_URL", "DROVER_API_KEY"];

/**
 * @returns a sentence for each variable that starts with `DROVER_` and is no setting: most likely misspelt,
 *   so the processes log them at start. It names the setting that is nearest to it, when one is near.
 */
export function misspeltSettings(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = [...Object.keys(settingsSchema.shape), ...CLIENT_VARIABLES];
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
