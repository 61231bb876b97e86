import { readFileSync } from "node:fs";
import { normalName } from "../reading/headings.js";

/** Names of months in the languages of which the headings are known; they need no more than this file. */
const KNOWN = new Map<string, number>(
  (
    JSON.parse(readFileSync(new URL("../../data/months.json", import.meta.url), "utf8")) as string[][]
  ).flatMap((names, index) => names.map((name) => [name, index + 1] as const)),
);

/**
 * Other languages that Moodle has, those of more speakers first: where two call different months by one name, as
 * Polish and Croatian do with `lis`, the first is taken.
 */
const LANGUAGES = (
  "ru pl nl tr uk ro cs sv el hu fi da nb he ar fa id vi th hi bn ta te mr gu ur sr hr sk bg sl lt lv et sq mk is " +
  "cy ga be ka hy az kk uz mn km my ne sw af ms fil"
).split(" ");

let others: Map<string, number> | undefined;

/**
 * The number of a month from its name, full or short, in any language of Moodle, or 0. What is not in the file is
 * looked up in what the JavaScript runtime knows of languages, read when the first such word is met: a fraction of a
 * second.
 * @param name without case and accents, as `normalName` gives it.
 */
export function monthNamed(name: string): number {
  const known = KNOWN.get(name);
  if (known !== undefined || name.length < 2) return known ?? 0;
  others ??= namesOfOtherLanguages();
  return others.get(name) ?? 0;
}

function namesOfOtherLanguages(): Map<string, number> {
  const names = new Map<string, number>();
  for (const language of Intl.DateTimeFormat.supportedLocalesOf(LANGUAGES)) {
    // Beside a day the month may have another ending than by itself.
    for (const style of [{ month: "long", day: "numeric" }, { month: "long" }, { month: "short" }] as const) {
      const format = new Intl.DateTimeFormat(`${language}-u-ca-gregory-nu-latn`, {
        ...style,
        timeZone: "UTC",
      });
      for (let month = 1; month <= 12; month++) {
        const parts = format.formatToParts(Date.UTC(2024, month - 1, 15));
        const at = parts.findIndex(({ type }) => type === "month");
        const name = parts[at]?.value ?? "";
        addWord(names, name, month);
        // In Hebrew the preposition is written together with the month.
        const before = /\p{L}+$/u.exec(parts[at - 1]?.value ?? "")?.[0];
        if (before !== undefined) addWord(names, before + name, month);
      }
    }
  }
  return names;
}

/** Takes a name as a time cell has it: letters only, since the cell is cut at blanks, dots and digits. */
function addWord(names: Map<string, number>, text: string, month: number): void {
  const name = normalName(text.replace(/[.\u200e\u200f]/g, ""));
  if (/^[\p{L}\p{M}]{2,}$/u.test(name) && !names.has(name)) names.set(name, month);
}
