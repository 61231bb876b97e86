import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { tableRows } from "../kernel/index.js";
import { normalName } from "../reading/headings.js";
import { userIdOf } from "./actor.js";

const words = z.union([z.string().max(200), z.array(z.string().max(200)).max(20)]);
const belonging = {
  role: words.optional().describe("Role or roles, as Teacher, in any of ten languages"),
  group: words.optional().describe("Group or groups"),
};

/** The `roles` param: the text of a list, roles by person, or a list of people. */
export const participantsParam = z.union([
  z.string().min(1).max(4000),
  z.record(z.string(), z.union([words, z.strictObject(belonging)])),
  z
    .array(
      z.strictObject({
        id: z.union([z.int(), z.string().max(40)]).optional(),
        name: z.string().max(200).optional(),
        email: z.string().max(200).optional(),
        ...belonging,
      }),
    )
    .max(500),
]);

/** Somebody of a participants list. */
export interface Participant {
  /** The user id; `undefined` when the list does not tell it. */
  readonly id: string | undefined;
  /** Full names, and e-mail addresses, by which a log may know them. */
  readonly names: readonly string[];
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

const COLUMNS = ["id", "first_name", "last_name", "full_name", "email", "role", "group"] as const;
type ParticipantColumn = (typeof COLUMNS)[number];

const list = z.array(z.string());
const WORDS = z
  .object({ staff: list, staff_endings: list, students: list, headings: z.record(z.enum(COLUMNS), list) })
  .parse(parse(readFileSync(new URL("../../data/roles.yaml", import.meta.url), "utf8")));
const HEADINGS = new Map(
  COLUMNS.flatMap((column) => WORDS.headings[column].map((name) => [normalName(name), column] as const)),
);

/** A list of participants that cannot be read, in words. */
export class ParticipantsError extends Error {
  override name = "ParticipantsError";
}

/**
 * Reads the `roles` param.
 * @throws {ParticipantsError} when a text has no headings that tell who, and what they are.
 */
export function readParticipants(given: z.infer<typeof participantsParam>): readonly Participant[] {
  if (typeof given === "string") return readTable(given);
  if (Array.isArray(given)) {
    return given.map(({ id, name, email, role, group }) => ({
      id: id === undefined ? undefined : (userIdOf(String(id)) ?? String(id)),
      names: [name, email].flatMap((text) => text?.trim() || []),
      roles: listOf(role),
      groups: listOf(group),
    }));
  }
  return Object.entries(given).map(([who, is]) => {
    const id = userIdOf(who);
    const { role, group } = typeof is === "string" || Array.isArray(is) ? { role: is, group: undefined } : is;
    return { id, names: id === undefined ? [who.trim()] : [], roles: listOf(role), groups: listOf(group) };
  });
}

/**
 * The people of a file that lies beside the log in an archive.
 * @param text all of it; `undefined` is returned when its first line is not that of a participants list.
 */
export function participantsOf(text: string): readonly Participant[] | undefined {
  try {
    return readTable(text);
  } catch (error) {
    if (error instanceof ParticipantsError) return undefined;
    throw error;
  }
}

function listOf(given: string | readonly string[] | undefined): string[] {
  const list = typeof given === "string" ? given.split(/[,;\n]/) : (given ?? []);
  return list.map((word) => word.trim()).filter((word) => word !== "");
}

function readTable(text: string): Participant[] {
  const [header = [], ...rows] = tableRows(text);
  const columns = header.map((cell) => HEADINGS.get(normalName(cell)));
  const tellsWho = columns.some((column) => column !== undefined && column !== "role" && column !== "group");
  if (!tellsWho || !(columns.includes("role") || columns.includes("group"))) {
    throw new ParticipantsError(
      "The roles param is no list of participants: its first line must name columns for who it is (ID, full name, or " +
        `first name and last name) and for roles or groups. Found: ${header.slice(0, 12).join(", ")}.`,
    );
  }
  return rows.map((cells) => {
    const cellOf = (column: ParticipantColumn) => cells[columns.indexOf(column)]?.trim() ?? "";
    const [first, last] = [cellOf("first_name"), cellOf("last_name")];
    const names = [cellOf("full_name"), `${first} ${last}`, `${last} ${first}`, cellOf("email")];
    return {
      id: userIdOf(cellOf("id")),
      names: [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))],
      roles: listOf(cellOf("role")),
      groups: listOf(cellOf("group")),
    };
  });
}

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
