import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { normalName } from "../reading/headings.js";

const list = z.array(z.string());
const WORDS = z
  .object({ staff: list, staff_endings: list, students: list })
  .parse(parse(readFileSync(new URL("../../data/roles.yaml", import.meta.url), "utf8")));
const STAFF = new Set(WORDS.staff);
const STUDENTS = new Set(WORDS.students);

/** Endings of the other gender, as in Trainer/in, Lehrer*innen, Professor(a), Enseignant·e. */
const OTHER_GENDER = /(\p{L})(?:[/*:·.(_-]+)(?:innen|in|rice|ra|a|e|o|as|os|es)\)?(?![\p{L}])/gu;

/** Whether a role is that of staff or of those who learn; `undefined` for one that no language tells. */
export function standingOfRole(role: string): "staff" | "student" | undefined {
  const found =
    normalName(role)
      .replace(OTHER_GENDER, "$1")
      .match(/\p{L}+/gu) ?? [];
  const isStaff = (word: string) => STAFF.has(word) || WORDS.staff_endings.some((end) => word.endsWith(end));
  if (found.some(isStaff)) return "staff";
  return found.some((word) => STUDENTS.has(word)) ? "student" : undefined;
}
