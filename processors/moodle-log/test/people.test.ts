import { describe, expect, test } from "vitest";
import { readXes, runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

interface Row {
  readonly time?: string;
  readonly name?: string;
  readonly component?: string;
  readonly event?: string;
  readonly description?: string;
  readonly context?: string;
}

function logOf(...rows: readonly Row[]): string {
  const lines = rows.map(
    ({
      time = "22/08/24, 10:00:00",
      name = "-",
      component = "System",
      event = "Course viewed",
      description = "",
      context = "Course: Algorithms",
    }) =>
      [time, name, "-", context, component, event, description, "web", "192.0.2.1"]
        .map((cell) => `"${cell}"`)
        .join(","),
  );
  return [HEADINGS, ...lines, ""].join("\n");
}

const viewed = (id: string) => `The user with id '${id}' viewed the course with id '2'.`;
const actors = async (...rows: readonly Row[]) =>
  (await runLog(logOf(...rows))).rows.map((row) => row["actor"]).reverse();

describe("who acts", () => {
  test("is the user id in the description, else the name, else unknown", async () => {
    expect(
      await actors(
        { name: "Ana", description: viewed("5") },
        { name: "Ana" },
        { description: "Somebody did something" },
      ),
    ).toEqual(["user-5", "Ana", "unknown"]);
  });

  test("an anonymised log has as many cases as user ids", async () => {
    const run = await runLog(syntheticLog({ rows: 1500, anonymous: true, users: 40 }));
    const ids = new Set(run.rows.map((row) => /user with id '(\d+)'/.exec(row["description"] ?? "")?.[1]));
    expect(run.summary.cases.count).toBe(ids.size);
    expect(run.summary.users).toBe(ids.size);
  });

  test("two people of one name stay two", async () => {
    const run = await runLog(
      logOf({ name: "Ana Silva", description: viewed("5") }, { name: "Ana Silva", description: viewed("6") }),
    );
    expect(run.summary.cases.count).toBe(2);
  });

  test("a person called like one of our labels is not taken for it", async () => {
    expect(await actors({ name: "user-5" }, { description: viewed("5") }, { name: "unknown" }, {})).toEqual([
      "name:user-5",
      "user-5",
      "name:unknown",
      "unknown",
    ]);
  });

  test.each([
    ["The user with id '5' viewed the course with id '2'.", "user-5"],
    [
      "The user with the id '5' submitted the element 'x' for a scorm activity with the course module id '9'.",
      "user-5",
    ],
    ["User 5 has submitted something", "user-5"],
    ["The user '5' did it", "user-5"],
    ["The user with id '0' viewed the course with id '2'.", "system"],
    ["The user with id '-1' viewed the course with id '2'.", "system"],
    ["The user with id '' viewed the course with id '2'.", "system"],
    ["Login failed for user 'ana' for the reason with id '3'.", "unknown"],
    ["", "unknown"],
  ])("“%s” is done by %s", async (description, actor) => {
    expect(await actors({ description })).toEqual([actor]);
  });

  test("a submitted quiz attempt is the student's even when a cron job closes it", async () => {
    const description =
      "The user with id '7' has submitted the attempt with id '1' for the quiz with course module id '9'.";
    const run = await runLog(
      logOf({ name: "-", component: "Quiz", event: "Quiz attempt submitted", description }),
    );
    expect(run.rows[0]).toMatchObject({
      actor: "user-7",
      activity: "Assess_A",
      module_type: "quiz",
      course_module_id: "9",
    });
  });

  test("a reviewed quiz attempt is the reviewer's deed: teaching, unless it is one's own", async () => {
    const reviewed = (by: string) =>
      `The user with id '7' has had their attempt with id '1' reviewed by the user with id '${by}' for the quiz with course module id '9'.`;
    const row = { component: "Quiz", event: "Quiz attempt reviewed" };
    const run = await runLog(
      logOf({ ...row, description: reviewed("3") }, { ...row, description: reviewed("7") }),
    );
    expect(run.rows.map((r) => [r["actor"], r["activity"]]).reverse()).toEqual([
      ["user-3", "Teach"],
      ["user-7", "Assess_P"],
    ]);
    expect(run.summary.probable_staff.map(({ actor }) => actor)).toEqual(["user-3"]);
  });

  test.each(["as", "como", "en tant que", "als", "come", "com a"])(
    "somebody logged in %s somebody else is marked",
    async (word) => {
      const run = await runLog(
        logOf(
          { name: `Rui Admin ${word} Ana Silva`, description: viewed("5") },
          { name: `Rui Admin ${word} Ana Silva` },
        ),
      );
      expect(run.rows.map((row) => [row["actor"], row["role_hint"]]).reverse()).toEqual([
        ["user-5", "login_as"],
        ["Ana Silva", "login_as"],
      ]);
      expect(run.summary.warnings.join()).toContain("logged in as another");
    },
  );
});

describe("staff", () => {
  const text = logOf(
    {
      name: "Rui Prof",
      description: "The user with id '3' updated the course with id '2'.",
      event: "Course updated",
    },
    { name: "Rui Prof", description: viewed("3") },
    { name: "Ana", description: viewed("5") },
    {
      name: "Ana",
      description:
        "The user with id '5' updated the grade with id '1' for the user with id '5' for the grade item with id '4'.",
      event: "User graded",
    },
  );

  test("are those who ever do what only staff do; rows are kept and marked", async () => {
    const run = await runLog(text);
    expect(run.summary.probable_staff).toEqual([
      { actor: "user-3", name: "Rui Prof", events: 2, teaching_events: 1 },
    ]);
    expect(run.rows.map((row) => row["role_hint"]).sort()).toEqual([
      "",
      "probable_staff",
      "system",
      "teaching",
    ]);
  });

  test("are dropped with exclude_staff, and counted", async () => {
    const run = await runLog(text, { exclude_staff: true });
    expect(run.summary.rows).toMatchObject({ kept: 2, dropped: { excluded_staff: 2 } });
    expect(new Set(run.rows.map((row) => row["actor"]))).toEqual(new Set(["user-5"]));
    expect(run.summary.probable_staff).toMatchObject([{ actor: "user-3", events: 2, teaching_events: 1 }]);
  });

  test.each([[["3"]], [["user-3"]], [["rui prof"]]])(
    "are dropped by exclude_users %s",
    async (exclude_users) => {
      const run = await runLog(text, { exclude_users });
      expect(run.summary.rows).toMatchObject({ kept: 2, dropped: { excluded_users: 2 } });
    },
  );
});

test("a log of which every event is dropped gives empty, valid outputs", async () => {
  const run = await runLog(logOf({ description: viewed("5") }), { exclude_users: ["5"] });
  expect(run.summary.rows).toMatchObject({ read: 1, kept: 0, dropped: { excluded_users: 1 } });
  expect(run.summary.span).toBeNull();
  expect(run.rows).toEqual([]);
  expect(readXes(run.artifacts.get("enriched_log.xes")?.toString() ?? "").traces).toEqual([]);
});

describe("a case", () => {
  const at = (time: string, id: string, course = "Algorithms") => ({
    time: `22/08/24, ${time}`,
    description: `The user with id '${id}' viewed the course with id '${course.length}'.`,
    context: `Course: ${course}`,
  });
  const text = logOf(
    at("12:00:00", "5", "Art"),
    at("11:00:00", "5"),
    at("10:30:00", "5"),
    at("10:10:00", "6"),
    at("10:00:00", "5"),
  );
  const cases = async (params: object) => (await runLog(text, params)).rows.map((row) => row["case_id"]);

  test("is a user, unless told otherwise", async () => {
    expect(await cases({})).toEqual(["user-5", "user-6", "user-5", "user-5", "user-5"]);
  });

  test("can be a user in a course", async () => {
    expect(await cases({ case: "user_course" })).toEqual([
      "user-5 @ Algorithms",
      "user-6 @ Algorithms",
      "user-5 @ Algorithms",
      "user-5 @ Algorithms",
      "user-5 @ Art",
    ]);
  });

  test("can be a session, which ends with a pause longer than the gap", async () => {
    expect(await cases({ case: "session" })).toEqual([
      "user-5 #1",
      "user-6 #1",
      "user-5 #1",
      "user-5 #1",
      "user-5 #2",
    ]);
    expect(await cases({ case: "session", session_gap_minutes: 20 })).toEqual([
      "user-5 #1",
      "user-6 #1",
      "user-5 #2",
      "user-5 #3",
      "user-5 #4",
    ]);
  });

  test("is a trace of its own in both XES files, also with thousands of sessions", async () => {
    const run = await runLog(syntheticLog({ rows: 4000 }), { case: "session" });
    const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString() ?? "");
    expect(traces).toHaveLength(run.summary.cases.count);
    expect(new Set(run.rows.map((row) => row["case_id"])).size).toBe(run.summary.cases.count);
  });
});
