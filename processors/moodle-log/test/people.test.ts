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
  readonly affected?: string;
  readonly origin?: string;
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
      affected = "-",
      origin = "web",
    }) =>
      [time, name, affected, context, component, event, description, origin, "192.0.2.1"]
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
        { name: "Rui" },
        { description: "Somebody did something" },
      ),
    ).toEqual(["user-5", "user-5", "Rui", "unknown"]);
  });

  test("an anonymised log has as many cases as user ids", async () => {
    const run = await runLog(syntheticLog({ rows: 1500, anonymous: true, users: 40 }));
    const ids = new Set(run.rows.map((row) => /user with id '(\d+)'/.exec(row["description"] ?? "")?.[1]));
    expect(run.summary.cases.count).toBe(ids.size);
    expect(run.summary.users).toBe(ids.size);
  });

  test("a row with a name and no id is of the id that alone goes with that name", async () => {
    const run = await runLog(
      logOf({ name: "Ana" }, { name: "Rui" }, { name: "Ana", description: viewed("5") }),
    );
    expect(run.rows.map((row) => row["actor"]).reverse()).toEqual(["user-5", "Rui", "user-5"]);
    expect(run.summary).toMatchObject({ users: 2, cases: { count: 2 } });
  });

  test("two people of one name stay two, and rows with the name alone are of neither", async () => {
    const run = await runLog(
      logOf(
        { name: "Ana Silva", description: viewed("5") },
        { name: "Ana Silva", description: viewed("6") },
        { name: "Ana Silva" },
      ),
    );
    expect(run.rows.map((row) => row["actor"]).reverse()).toEqual(["user-5", "user-6", "Ana Silva"]);
  });

  test.each([
    ['The user with id "5" started an attempt at the HotPot activity', "user-5"],
    ["Student with id 12 took attendance with instanceid 3", "user-12"],
    ["Attendance session 4 was added by user with id 7 for user with id 8", "user-7"],
    ["The attempt with id '1' for the user with id '8' is now fully graded.", "unknown"],
  ])("in other wordings, “%s” is done by %s", async (description, actor) => {
    expect(await actors({ description: description.replaceAll('"', '""') })).toEqual([actor]);
  });

  test("of a submitted attempt the id goes with the name of the affected user, whoever closed it", async () => {
    const description =
      "The user with id '7' has submitted the attempt with id '1' for the quiz with course module id '9'.";
    const run = await runLog(
      logOf(
        { name: "Admin", affected: "Ana", component: "Quiz", event: "Quiz attempt submitted", description },
        { name: "Ana" },
        { name: "Admin" },
      ),
    );
    expect(run.rows.map((row) => row["actor"]).reverse()).toEqual(["user-7", "user-7", "Admin"]);
  });

  test.each(["cli", "cron", "restore"])("what Origin says was done by %s is the system's", async (origin) => {
    const description = "The user with id '2' created a backup of the course with the id '2'.";
    const run = await runLog(logOf({ name: "Admin", event: "Course backup created", description, origin }));
    expect(run.rows[0]).toMatchObject({ actor: "user-2", activity: "System", role_hint: "system" });
    expect(run.summary.probable_staff).toEqual([]);
    const byHand = await runLog(
      logOf({ name: "Admin", event: "Course backup created", description, origin: "ws" }),
    );
    expect(byHand.rows[0]).toMatchObject({ activity: "Teach" });
  });

  test.each([
    ["the same as the user", "Ana", "Assess_P"],
    ["somebody else", "Bruno", "Teach"],
    ["nobody", "-", "Assess_P"],
  ])("the affected user tells on whom: %s", async (_, affected, activity) => {
    const row = { name: "Ana", affected, component: "User report", event: "Grade user report viewed" };
    const description = "The user with id '5' viewed the user report in the gradebook.";
    for (const text of [description, ""])
      expect((await runLog(logOf({ ...row, description: text }))).rows[0]).toMatchObject({ activity });
  });

  test("questions written in a StudentQuiz make nobody staff", async () => {
    const question = {
      name: "Ana",
      event: "Question created",
      description:
        "The user with id '5' created a question with the id of '4' in the category with the id '3'.",
    };
    const run = await runLog(logOf({ ...question, context: "StudentQuiz: Our questions" }));
    expect(run.rows[0]).toMatchObject({ activity: "Synthesize" });
    expect(run.summary.probable_staff).toEqual([]);
    expect((await runLog(logOf(question))).summary.probable_staff).toHaveLength(1);
  });

  test("the system and who is unknown stand in the CSV, in no case, and the summary says how many they are", async () => {
    const page = { component: "Page", event: "Course module viewed", context: "Page: Syllabus" };
    const run = await runLog(
      logOf(
        { description: viewed("5") },
        {
          ...page,
          description: "The user with id '5' viewed the 'page' activity with course module id '9'.",
        },
        { ...page },
        { description: viewed("0") },
      ),
    );
    expect(run.rows.map((row) => row["case_id"]).reverse()).toEqual([
      "user-5",
      "user-5",
      "unknown",
      "system",
    ]);
    expect(run.summary.without_case).toEqual({
      unknown: { events: 1, percent: 25, bloom: 1, bloom_percent: 50 },
      system: { events: 1, percent: 25, bloom: 0, bloom_percent: 0 },
    });
    expect(run.summary.cases).toMatchObject({ count: 1, with_bloom: 1 });
    for (const name of ["enriched_log.xes", "enriched_log_bloom_only.xes"]) {
      const { traces } = readXes(run.artifacts.get(name)?.toString() ?? "");
      expect(traces.map((trace) => trace.name)).toEqual(["user-5"]);
    }
    expect(run.summary.warnings.join()).toContain("1 events (25 %; 50 % of those with a level) name nobody");
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
    // Moodle names the reviewer first and the owner of the attempt as the one who reviews.
    const reviewed = (reviewer: string, owner: string) =>
      `The user with id '${reviewer}' has had their attempt with id '1' reviewed by the user with id '${owner}' for the quiz with course module id '9'.`;
    const row = { component: "Quiz", event: "Quiz attempt reviewed" };
    const run = await runLog(
      logOf(
        { ...row, description: reviewed("3", "7") },
        { ...row, description: reviewed("7", "7") },
        {
          ...row,
          description:
            "The user with id '3' has reviewed quiz attempt with id '1' by user with id '7' for the quiz with course module id '9'.",
        },
      ),
    );
    expect(run.rows.map((r) => [r["actor"], r["activity"]]).reverse()).toEqual([
      ["user-3", "Teach"],
      ["user-7", "Assess_P"],
      ["user-3", "Teach"],
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
        ["user-5", "login_as"],
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
