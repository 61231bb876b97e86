import { zipOf } from "@drover/testkit";
import { describe, expect, test } from "vitest";
import { standingOfRole } from "../src/people/participants.js";
import { MOMENT, periodOf } from "../src/time/period.js";
import { runLog } from "./log-run.js";

const HEADINGS =
  "Course,Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

/** A site-level log of rows: time, name, user id, course, and what was done. */
function logOf(
  ...rows: readonly (readonly [time: string, name: string, id: string, course?: string, does?: string])[]
): string {
  const lines = rows.map(([time, name, id, course = "Algorithms", does = "viewed"]) => {
    const description =
      id === "" ? "" : `The user with id '${id}' ${does} the course with id '${course.length}'.`;
    const cells = [
      course,
      time,
      name,
      "-",
      `Course: ${course}`,
      "System",
      `Course ${does}`,
      description,
      "web",
      "",
    ];
    return cells.map((cell) => `"${cell}"`).join(",");
  });
  return [HEADINGS, ...lines, ""].join("\n");
}

const DAYS = logOf(
  ["2024-08-21T10:00:00Z", "Ana Silva", "5"],
  ["2024-08-22T00:30:00Z", "Ana Silva", "5"],
  ["2024-08-22T23:30:00Z", "Rui Costa", "6", "Logic"],
  ["2024-08-23T10:00:00Z", "Eva Prof", "7", "Algorithms", "updated"],
  ["2024-08-24T10:00:00Z", "Gil", "", "Set theory"],
);

async function sourceLines(params: object, log = DAYS) {
  return (await runLog(log, params)).rows.map((row) => Number(row["source_line"]));
}

describe("from and to", () => {
  test.each([
    [{ from: "2024-08-22" }, [3, 4, 5, 6]],
    [{ to: "2024-08-22" }, [2, 3, 4]],
    [{ from: "2024-08-22", to: "2024-08-22" }, [3, 4]],
    [{ from: "2024-08-22T00:30:00", to: "2024-08-23T10:00:00" }, [3, 4]],
    [{ to: "2024-08-23T10:00:01Z" }, [2, 3, 4, 5]],
    [{ to: "2024-08-22T21:31-02:00" }, [2, 3, 4]],
    // There the second row is still of the 21st.
    [{ from: "2024-08-22", to: "2024-08-22", timezone: "America/Sao_Paulo" }, [4]],
    [{ from: "2024-08-22T00:00:00", timezone: "America/Sao_Paulo" }, [4, 5, 6]],
  ])("%o keeps lines %j", async (params, lines) => {
    const run = await runLog(DAYS, params);
    expect(run.rows.map((row) => Number(row["source_line"]))).toEqual(lines);
    expect(run.summary.rows.dropped.outside_period).toBe(5 - lines.length);
  });

  test.each([
    [
      { from: "2025-01-01" },
      /No event lies in the period.*from 2025-01-01.*goes from 2024-08-21T10:00:00\+00:00/,
    ],
    [{ from: "2024-09-02", to: "2024-09-01" }, /ends before it begins/],
    [{ from: "2024-02-30" }, /no such day: from is 2024-02-30/],
  ])("%o is refused in words", async (params, message) => {
    const refused = runLog(DAYS, params);
    await expect(refused).rejects.toMatchObject({ name: "InputInvalidError" });
    await expect(refused).rejects.toThrow(message);
  });

  test.each(["2024-13", "22/08/2024", "2024-08-22T25:00:00", "yesterday"])("“%s” is no moment", (text) => {
    expect(MOMENT.test(text)).toBe(false);
  });

  test("a day of 23 hours counts as a whole", () => {
    const { from, before } = periodOf({ from: "2024-03-31", to: "2024-03-31" }, "Europe/Lisbon");
    expect(before - from).toBe(23 * 3600);
  });

  test("who taught before the period is staff in it", async () => {
    const log = logOf(
      ["2024-08-21T10:00:00Z", "Eva Prof", "7", "Logic", "updated"],
      ["2024-08-22T10:00:00Z", "Eva Prof", "7", "Logic"],
      ["2024-08-22T11:00:00Z", "Ana Silva", "5", "Logic"],
    );
    expect(await sourceLines({ from: "2024-08-22", exclude_staff: true }, log)).toEqual([4]);
  });
});

describe("courses", () => {
  test.each([
    [["logic"], [4]],
    [
      ["Set *", "5"],
      [4, 6],
    ],
    [["course-10"], [2, 3, 5]],
  ])("%j keeps the events of these", async (courses, lines) => {
    const run = await runLog(DAYS, { courses });
    expect(run.rows.map((row) => Number(row["source_line"]))).toEqual(lines);
    expect(run.summary.rows.dropped.other_courses).toBe(5 - lines.length);
  });

  test("that the log has not are said; when it has none of them, what it has", async () => {
    const { summary } = await runLog(DAYS, { courses: ["Logic", "Chess"] });
    expect(summary.warnings.join("\n")).toContain("No course of the log is meant by: Chess.");
    const refused = runLog(DAYS, { courses: ["Chess"] });
    await expect(refused).rejects.toThrow(/The log has 3 courses: Algorithms; Logic; Set theory\.$/);
  });
});

describe("roles", () => {
  const CSV = [
    "First name;Last name;Email address;Roles;Groups",
    '"Ana";"Silva";ana@example.org;"Student, Non-editing teacher";"A, B"',
    "Eva;Prof;eva@example.org;Student;A",
    "Gil;;gil@example.org;Wizard;C",
    "Never;There;;Student;B",
    "",
  ].join("\r\n");

  test.each([
    ["the text of a list", CSV],
    ["roles by user id and name", { 5: "Professor(a)", "eva prof": ["Estudante"] }],
    [
      "a list of people",
      [
        { id: 5, role: "Lehrkraft" },
        { name: "PROF, Eva", role: "x" },
        { name: "Eva Prof", role: "Alumna" },
      ],
    ],
  ])("as %s settle who is staff, whatever they do", async (_, roles) => {
    const run = await runLog(DAYS, { roles });
    expect(run.summary.probable_staff.map(({ actor, by }) => [actor, by])).toEqual([["user-5", "roles"]]);
    expect(run.rows.map((row) => row["role_hint"])).toEqual(["staff", "staff", "", "teaching", ""]);
    expect(await sourceLines({ roles, exclude_staff: true })).toEqual([4, 5, 6]);
  });

  test("say in the summary what could not be matched or understood", async () => {
    const { summary } = await runLog(DAYS, { roles: CSV });
    expect(summary.roles).toEqual({ listed: 4, matched: 3, staff: 1, students: 1 });
    const warnings = summary.warnings.join("\n");
    expect(warnings).toContain("1 of the 4 people in roles do nothing in the log");
    expect(warnings).toContain("Never There");
    expect(warnings).toContain("in no known language; their people are judged by what they do: Wizard.");
  });

  test("are read from a list that lies beside the log in an archive, of any length; the param goes before it", async () => {
    const people = `${CSV}${Array.from({ length: 500 }, (_, i) => `Student;No. ${i};;Student;B\r\n`).join("")}`;
    const archive = zipOf([
      { name: "log.csv", content: DAYS },
      { name: "participants.csv", content: people },
    ]);
    const run = await runLog(archive, { groups: ["A"] });
    expect(run.summary.roles).toEqual({ listed: 504, matched: 3, staff: 1, students: 1 });
    expect(run.rows.map((row) => row["actor"])).toEqual(["user-5", "user-5", "user-7"]);
    expect(run.summary.warnings.join()).not.toContain("Left out");
    const given = await runLog(archive, { roles: { 7: "Teacher" } });
    expect(given.summary.probable_staff.map(({ actor }) => actor)).toEqual(["user-7"]);
  });

  test("of a name that two people have settle neither, unless they tell the id", async () => {
    const log = logOf(["2024-08-21T10:00:00Z", "Ana Silva", "5"], ["2024-08-22T10:00:00Z", "Ana Silva", "6"]);
    const { summary } = await runLog(log, { roles: { "Ana Silva": "Teacher" } });
    expect(summary.probable_staff).toEqual([]);
    expect(summary.warnings.join()).toContain("mean more than one person, and settle nothing: Ana Silva.");
    const withId = await runLog(log, { roles: "id,full name,role\n6,Ana Silva,Teacher\n" });
    expect(withId.summary.probable_staff.map(({ actor }) => actor)).toEqual(["user-6"]);
  });

  test("name nobody in pseudonymised outputs", async () => {
    const run = await runLog(DAYS, { roles: CSV, pseudonymize: "without_key" });
    expect(`${JSON.stringify(run.summary)}${JSON.stringify(run.result)}`).not.toMatch(
      /Silva|Never|Prof|Gil|@/,
    );
    expect(run.summary.roles).toMatchObject({ matched: 3 });
  });

  test("that are no list are refused", async () => {
    const refused = runLog(DAYS, { roles: "Ana Silva,Student\n" });
    await expect(refused).rejects.toMatchObject({ name: "InputInvalidError" });
    await expect(refused).rejects.toThrow("its first line must name columns");
  });

  test.each([
    [["a"], [2, 3, 5]],
    [
      ["B", "C", "Z"],
      [2, 3, 6],
    ],
  ])("tell who is in groups %j", async (groups, lines) => {
    const run = await runLog(DAYS, { roles: CSV, groups });
    expect(run.rows.map((row) => Number(row["source_line"]))).toEqual(lines);
    expect(run.summary.rows.dropped.other_groups).toBe(5 - lines.length);
    expect(run.summary.warnings.join().includes("Nobody in roles is in the group: Z.")).toBe(
      groups.includes("Z"),
    );
  });

  test("are needed for groups, and somebody in them", async () => {
    await expect(runLog(DAYS, { groups: ["A"] })).rejects.toThrow("needs the roles param");
    await expect(runLog(DAYS, { groups: ["Z"], roles: CSV })).rejects.toThrow(
      "in the groups that were asked for",
    );
  });
});

test.each([
  ["staff", "Teacher|Non-editing teacher|editingteacher|Manager|Course creator|Teaching assistant"],
  [
    "staff",
    "Professor|Professor(a)|Tutor|Moderador|Docente|Professor não editor|Profesor/a sin permiso de edición",
  ],
  ["staff", "Enseignant·e non éditeur|Enseignante|Gestionnaire|Concepteur de cours"],
  [
    "staff",
    "Trainer/in ohne Bearbeitungsrecht|Lehrkraft|Dozent*in|Kursersteller/in|Kursleiterin|Hauptlehrkraft",
  ],
  [
    "staff",
    "Docente non editor|Insegnante|Professor sense permís d'edició|Xestor|Irakaslea|Ikastaro-sortzailea",
  ],
  [
    "student",
    "Student|Estudante|Aluno(a)|Estudiante|Étudiant|Teilnehmer/in|Schüler:in|Studente|Estudiant|Ikaslea",
  ],
  [undefined, "Wizard|Observer|"],
])("%s are: %s", (standing, roles) => {
  for (const role of roles.split("|")) expect([role, standingOfRole(role)]).toEqual([role, standing]);
});
