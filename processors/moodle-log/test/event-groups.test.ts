import { describe, expect, test } from "vitest";
import { readXes, runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

type Row = readonly [minute: string, context: string, description: string, user?: number];

function logOf(...rows: readonly Row[]): string {
  const lines = rows.map(([time, context, description, user = 5]) =>
    [
      `22/08/24, ${time}`,
      "-",
      "-",
      context,
      context.split(":")[0],
      "X",
      `The user with id '${user}' ${description}`,
      "web",
      "",
    ]
      .map((cell) => `"${cell}"`)
      .join(","),
  );
  return [HEADINGS, ...lines, ""].join("\n");
}

const started = (time: string, user = 5): Row => [
  time,
  "Quiz: Midterm",
  "has started the attempt with id '1' for the quiz with course module id '9'.",
  user,
];
const worked = (time: string, user = 5): Row => [
  time,
  "Quiz: Midterm",
  "has viewed the attempt with id '1' belonging to the user with id '5' for the quiz with course module id '9'.",
  user,
];
const submitted = (time: string): Row => [
  time,
  "Quiz: Midterm",
  "has submitted the attempt with id '1' for the quiz with course module id '9'.",
];
const form = (time: string): Row => [
  time,
  "Assignment: Essay",
  "viewed the submission form for the assignment with course module id '8'.",
];
const uploaded = (time: string): Row => [
  time,
  "Assignment: Essay",
  "has uploaded a file to the submission with id '3' in the assignment activity with course module id '8'.",
];
const handedIn = (time: string): Row => [
  time,
  "Assignment: Essay",
  "has submitted the submission with id '3' for the assignment with course module id '8'.",
];
const read = (time: string, name = "Slides"): Row => [
  time,
  `File: ${name}`,
  "viewed the 'resource' activity with course module id '7'.",
];
const course = (time: string): Row => [time, "Course: Logic", "viewed the course with id '2'."];

/** What the XES and the CSV say of the events of one person. */
async function grouped(...rows: readonly Row[]) {
  const run = await runLog(logOf(...rows), { group_events: true });
  const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString("utf8") ?? "");
  const events = traces[0]?.events.map((event) =>
    [
      event["time:timestamp"]?.slice(11, 19),
      event["concept:name"],
      event["concept:instance"] ?? "-",
      event["lifecycle:transition"],
    ].join(" "),
  );
  return {
    run,
    events,
    parts: run.rows.map((row) => [row["group"], row["group_instance"], row["lifecycle"]].join(" ")),
  };
}

describe("group_events", () => {
  test("makes a quiz attempt of what lies between its start and its submit", async () => {
    const { events, parts } = await grouped(
      course("10:00:00"),
      started("10:00:01"),
      worked("10:10:00"),
      course("10:15:00"),
      submitted("12:00:00"),
      started("12:00:30"),
      worked("12:01:00"),
    );
    expect(events).toEqual([
      "10:00:00 View - complete",
      "10:00:01 Quiz attempt 1 start",
      "10:15:00 View - complete",
      "12:00:00 Quiz attempt 1 complete",
      "12:00:30 Quiz attempt 2 start",
      "12:01:00 Quiz attempt 2 complete",
    ]);
    expect(parts).toEqual([
      "  complete",
      "Quiz attempt 1 start",
      "Quiz attempt 1 inside",
      "  complete",
      "Quiz attempt 1 complete",
      "Quiz attempt 2 start",
      "Quiz attempt 2 complete",
    ]);
  });

  test("makes a submission of the work on it, over days of pauses, until it is handed in", async () => {
    const { events } = await grouped(
      form("8:00:00"),
      uploaded("8:10:00"),
      form("20:00:00"),
      handedIn("20:05:00"),
      uploaded("20:05:01"),
      form("21:00:00"),
    );
    expect(events).toEqual([
      "08:00:00 Submission 1 start",
      "20:05:01 Submission 1 complete",
      "21:00:00 Submission 2 start",
      "21:00:00 Submission 2 complete",
    ]);
  });

  test("makes reading sessions of views of one activity without a long pause", async () => {
    const { events, parts } = await grouped(
      read("10:00:00"),
      read("10:20:00", "Other"),
      read("10:29:00"),
      read("10:59:00"),
      read("11:29:01"),
    );
    expect(events).toEqual([
      "10:00:00 Reading session 1 start",
      "10:20:00 Reading session 2 start",
      "10:20:00 Reading session 2 complete",
      "10:59:00 Reading session 1 complete",
      "11:29:01 Reading session 3 start",
      "11:29:01 Reading session 3 complete",
    ]);
    expect(parts[1]).toBe("Reading session 2 start complete");
  });

  test("keeps people apart; who looks at the attempt of another is teaching", async () => {
    const { run } = await grouped(
      started("10:00:00", 5),
      started("10:00:01", 6),
      worked("10:00:02", 5),
      worked("10:00:03", 6),
    );
    const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString("utf8") ?? "");
    expect(traces.map(({ events }) => events.map((event) => event["concept:instance"]))).toEqual([
      ["1", "1"],
      ["2", "2", undefined],
    ]);
    expect(run.rows[3]).toMatchObject({ activity: "Teach", group: "", lifecycle: "complete" });
  });

  test("pairs each start with one complete, in both files, and changes nothing unless asked for", async () => {
    const log = syntheticLog({ rows: 1_500, site: true, days: 1, users: 15 });
    const run = await runLog(log, { group_events: true, case: "user_course" });
    for (const name of ["enriched_log.xes", "enriched_log_bloom_only.xes"]) {
      const { traces } = readXes(run.artifacts.get(name)?.toString("utf8") ?? "");
      const open = new Set<string>();
      let pairs = 0;
      for (const { events } of traces) {
        for (const event of events) {
          const { "concept:instance": instance, "lifecycle:transition": transition } = event;
          if (instance === undefined) expect(transition).toBe("complete");
          else if (transition === "start") open.add(`${instance} ${event["concept:name"]}`);
          else if (open.delete(`${instance} ${event["concept:name"]}`)) pairs++;
          else throw new Error(`${instance} ends before it starts`);
        }
        expect(open.size).toBe(0);
      }
      expect(pairs).toBeGreaterThan(100);
    }
    const plain = await runLog(log, { case: "user_course" });
    expect(plain.artifacts.get("enriched_log.xes")?.includes("concept:instance")).toBe(false);
    expect(Object.keys(plain.rows[0] ?? {})).not.toContain("lifecycle");
  });
});
