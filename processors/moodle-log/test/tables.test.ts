import { describe, expect, test } from "vitest";
import { FollowGraph } from "../src/kernel/count/follow-graph.js";
import { chooseWeeks } from "../src/kernel/count/week-columns.js";
import { sortOfContext } from "../src/places/context-name.js";
import { type LogRun, readCsv, readXes, runLog } from "./log-run.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";
const COURSE = "Course: Algorithms";

type Row = readonly [time: string, context: string, component: string, event: string, description: string];

function logOf(...rows: readonly Row[]): string {
  const lines = rows.map(([time, context, component, event, description]) =>
    [time, "-", "-", context, component, event, description, "web", "192.0.2.1"]
      .map((cell) => `"${cell}"`)
      .join(","),
  );
  return [HEADINGS, ...lines, ""].join("\n");
}

const courseViewed = (time: string, user: number): Row => [
  time,
  COURSE,
  "System",
  "Course viewed",
  `The user with id '${user}' viewed the course with id '2'.`,
];
const fileViewed = (
  time: string,
  user: number,
  [id, name]: readonly [number, string] = [9, "Slides"],
): Row => [
  time,
  `File: ${name}`,
  "File",
  "Course module viewed",
  `The user with id '${user}' viewed the 'resource' activity with course module id '${id}'.`,
];
const moduleUpdated = (time: string, user: number, [id, context]: readonly [number, string]): Row => [
  time,
  context,
  "System",
  "Course module updated",
  `The user with id '${user}' updated the 'resource' activity with course module id '${id}'.`,
];

function table(run: LogRun, name: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(run.artifacts.get(name)?.toString("utf8") ?? "");
  return rows.map((cells) => Object.fromEntries(header.map((column, at) => [column, cells[at] ?? ""])));
}

describe("students.csv", () => {
  test("has a row a person with days, sessions, minutes, the longest pause and counts", async () => {
    const run = await runLog(
      logOf(
        courseViewed("19/08/24, 10:00:00", 5),
        fileViewed("19/08/24, 10:10:00", 5),
        fileViewed("19/08/24, 10:41:00", 5),
        courseViewed("28/08/24, 22:41:00", 5),
        moduleUpdated("20/08/24, 08:00:00", 7, [9, "File: Slides"]),
      ),
    );
    const students = table(run, "students.csv");
    expect(students).toHaveLength(2);
    expect(students[0]).toMatchObject({
      actor: "user-5",
      probable_staff: "false",
      events: "4",
      active_days: "2",
      sessions: "3",
      minutes: "10",
      first_event: "2024-08-19T10:00:00+00:00",
      last_event: "2024-08-28T22:41:00+00:00",
      longest_pause_days: "9.5",
      level_remember: "2",
      level_none: "2",
      activity_study_p: "2",
      activity_view: "2",
      module_resource: "2",
      "week_2024-08-19": "3",
      "week_2024-08-26": "1",
    });
    expect(students[1]).toMatchObject({ actor: "user-7", probable_staff: "true", activity_teach: "1" });
  });

  test("counts days and weeks by the clock of the time zone, and sessions by the param", async () => {
    const text = logOf(courseViewed("18/08/24, 23:59:00", 5), courseViewed("19/08/24, 00:01:00", 5));
    const [student] = table(
      await runLog(text, { timezone: "Asia/Tokyo", session_gap_minutes: 1 }),
      "students.csv",
    );
    expect(student).toMatchObject({
      active_days: "2",
      sessions: "2",
      minutes: "0",
      "week_2024-08-12": "1",
      "week_2024-08-19": "1",
    });
  });

  test("is the same whatever a case is", async () => {
    const text = logOf(
      courseViewed("19/08/24, 10:00:00", 5),
      fileViewed("19/08/24, 10:10:00", 6),
      courseViewed("19/08/24, 12:41:00", 5),
    );
    const [byUser, bySession] = [await runLog(text), await runLog(text, { case: "session" })];
    expect(byUser.summary.cases.count).toBe(2);
    expect(bySession.summary.cases.count).toBe(3);
    expect(table(bySession, "students.csv")).toEqual(table(byUser, "students.csv"));
  });

  test("counts the newest 104 weeks that have events one by one, and the others together", () => {
    const events = Uint32Array.from({ length: 200 }, (_, week) => (week % 2 === 0 || week > 150 ? 1 : 0));
    const { mondays, columnOfWeek, hasOthers } = chooseWeeks(1000, events);
    expect(mondays).toHaveLength(104);
    expect(hasOthers).toBe(true);
    expect(new Date((mondays.at(-1) ?? 0) * 1000).getUTCDay()).toBe(1);
    expect(columnOfWeek[199]).toBe(103);
    expect(columnOfWeek[0]).toBe(104);
    expect(chooseWeeks(1000, events.slice(0, 90))).toMatchObject({ hasOthers: false });
  });
});

describe("activities.csv", () => {
  test("has a row a module under its latest name, and tells reach, views and actions", async () => {
    const run = await runLog(
      logOf(
        fileViewed("19/08/24, 10:00:00", 5, [9, "Slides"]),
        fileViewed("20/08/24, 10:00:00", 5, [9, "Slides, new"]),
        courseViewed("20/08/24, 10:00:00", 6),
        moduleUpdated("20/08/24, 11:00:00", 7, [9, COURSE]),
        moduleUpdated("20/08/24, 11:00:00", 7, [11, "File: Syllabus"]),
        [
          "20/08/24, 12:00:00",
          "Assignment: Essay",
          "Assignment",
          "A submission has been submitted.",
          "The user with id '6' has submitted the submission with id '4' for the assignment with course module id '12'.",
        ],
      ),
    );
    const rows = table(run, "activities.csv");
    const of = (id: string) => rows.find((row) => row["course_module_id"] === id);
    expect(of("9")).toEqual({
      course: "Algorithms",
      course_module_id: "9",
      type: "resource",
      name: "Slides, new",
      users: "1",
      students: "1",
      students_of_course: "2",
      reach_percent: "50",
      views: "2",
      actions: "0",
      first_use: "2024-08-19T10:00:00+00:00",
      last_use: "2024-08-20T10:00:00+00:00",
    });
    expect(of("11")).toMatchObject({ name: "Syllabus", users: "0", views: "0", actions: "0", first_use: "" });
    expect(of("12")).toMatchObject({ type: "assign", views: "0", actions: "1", reach_percent: "50" });
    expect(rows.filter((row) => row["type"] === "course")).toHaveLength(1);
  });

  test("counts a row without id to the only module of its name, and all profiles as one", async () => {
    const named = (time: string, user: number): Row => [
      time,
      "File: Slides",
      "File",
      "Course module viewed",
      `The user with id '${user}' viewed something.`,
    ];
    const profile = (time: string, user: number, name: string): Row => [
      time,
      `User: ${name}`,
      "System",
      "User profile viewed",
      `The user with id '${user}' viewed the profile for the user with id '6'.`,
    ];
    const rows = table(
      await runLog(
        logOf(
          fileViewed("19/08/24, 10:00:00", 5),
          named("19/08/24, 11:00:00", 6),
          profile("19/08/24, 12:00:00", 5, "Ana Lima"),
          profile("19/08/24, 12:00:00", 6, "Rui Lima"),
        ),
      ),
      "activities.csv",
    );
    expect(rows.map(({ type, name, users }) => ({ type, name, users }))).toEqual([
      { type: "resource", name: "Slides", users: "2" },
      { type: "user", name: "", users: "2" },
    ]);
  });

  test.each([
    ["File: Slides", "module"],
    ["Questionário: Prova", "module"],
    ["Curso: Álgebra", "course"],
    ["Nutzer/in: Ana", "user"],
    ["Front page", "other"],
    ["Mystery: x", "other"],
  ] as const)("takes the context %s for a %s", (context, sort) => {
    expect(sortOfContext(context)).toBe(sort);
  });
});

describe("dfg.csv", () => {
  test("counts what comes right after what within a case, with the median of the gaps", async () => {
    const run = await runLog(
      logOf(
        courseViewed("19/08/24, 10:00:00", 5),
        fileViewed("19/08/24, 10:00:10", 5),
        courseViewed("19/08/24, 10:00:20", 5),
        fileViewed("19/08/24, 10:00:50", 5),
        courseViewed("19/08/24, 11:00:00", 6),
        fileViewed("19/08/24, 11:00:20", 6),
      ),
    );
    expect(run.artifacts.get("dfg.csv")?.toString()).toBe(
      "from,to,count,median_gap_seconds\r\nView,Study_P,3,20\r\nStudy_P,View,1,10\r\n",
    );
  });

  test("tells medians of short gaps exactly, and of long ones within 1 %", () => {
    for (const gap of [0, 1, 127, 128, 255, 256, 1000, 86_400, 5_000_000, 4_294_967_295]) {
      const graph = new FollowGraph(2);
      for (const seconds of [gap, 0, gap, 4_294_967_295, gap]) graph.add(1, 0, seconds);
      const [edge] = graph.edges();
      expect(edge).toMatchObject({ from: 1, to: 0, count: 5 });
      expect(Math.abs((edge?.medianGapSeconds ?? 0) - gap)).toBeLessThanOrEqual(gap < 256 ? 0 : gap / 100);
    }
  });
});

test("a trace tells its user, their events, their first and last, and whether they probably teach", async () => {
  const text = logOf(
    courseViewed("19/08/24, 10:00:00", 5),
    fileViewed("19/08/24, 11:00:00", 5),
    moduleUpdated("20/08/24, 08:00:00", 7, [9, "File: Slides"]),
  );
  const run = await runLog(text, { case: "session", timezone: "Europe/Lisbon" });
  const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString("utf8") ?? "");
  expect(traces.map(({ attributes }) => attributes)).toEqual([
    {
      "concept:name": "user-5 #1",
      "moodle:user": "user-5",
      "moodle:probable_staff": "false",
      "moodle:case_events": "1",
      "moodle:user_events": "2",
      "moodle:first_event": "2024-08-19T10:00:00.000+01:00",
      "moodle:last_event": "2024-08-19T10:00:00.000+01:00",
    },
    expect.objectContaining({ "concept:name": "user-5 #2", "moodle:user_events": "2" }),
    expect.objectContaining({ "moodle:user": "user-7", "moodle:probable_staff": "true" }),
  ]);
  const bloom = readXes(run.artifacts.get("enriched_log_bloom_only.xes")?.toString("utf8") ?? "");
  expect(bloom.traces.map(({ attributes }) => attributes["concept:name"])).toEqual(["user-5 #2"]);
});
