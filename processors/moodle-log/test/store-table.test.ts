import { describe, expect, test } from "vitest";
import { runLog } from "./log-run.js";

const HEADINGS =
  "id,eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,contextinstanceid," +
  "userid,courseid,relateduserid,anonymous,other,timecreated,origin,ip,realuserid";

/** A row of `mdl_logstore_standard_log`; what an event does not need is NULL. */
function row(
  is: Readonly<Record<"eventname", string>> & Readonly<Partial<Record<string, string | number>>>,
): string[] {
  const [, component = ""] = /^\\(\w+)\\/.exec(is.eventname) ?? [];
  const [action = ""] = is.eventname.split("_").slice(-1);
  const cells: Readonly<Record<string, string | number>> = {
    id: 1,
    component,
    action,
    target: "course_module",
    crud: "r",
    edulevel: 2,
    contextlevel: 70,
    contextinstanceid: 12,
    userid: 5,
    courseid: 3,
    anonymous: 0,
    timecreated: 1724334203,
    origin: "web",
    ip: "192.0.2.1",
    ...is,
  };
  return HEADINGS.split(",").map((name) => String(cells[name] ?? "NULL"));
}

const csvOf = (rows: readonly string[][]) =>
  [HEADINGS, ...rows.map((cells) => cells.map((cell) => `"${cell}"`).join(",")), ""].join("\n");

const EVENTS = [
  row({ eventname: "\\mod_quiz\\event\\attempt_submitted", target: "attempt", crud: "u", relateduserid: 5 }),
  row({ eventname: "\\mod_quiz\\event\\attempt_reviewed", target: "attempt", relateduserid: 9, userid: 2 }),
  row({ eventname: "\\mod_page\\event\\course_module_viewed" }),
  row({
    eventname: "\\core\\event\\course_viewed",
    target: "course",
    contextlevel: 50,
    contextinstanceid: 3,
  }),
  row({ eventname: "\\core\\event\\user_graded", target: "user", relateduserid: 5, userid: 2, edulevel: 1 }),
  row({ eventname: "\\mod_forum\\event\\post_created", target: "post", crud: "c", userid: 6, realuserid: 2 }),
  row({
    eventname: "\\core\\event\\course_restored",
    target: "course",
    contextlevel: 50,
    origin: "cli",
    crud: "c",
    edulevel: 1,
  }),
  row({ eventname: "\\mod_other\\event\\lab_finished", target: "lab", userid: 2, edulevel: 1, crud: "u" }),
  row({ eventname: "\\mod_other\\event\\lab_frobnicated", target: "lab", action: "frobnicated" }),
  row({
    eventname: "\\core\\event\\cron_done",
    target: "cron",
    userid: -1,
    origin: "cron",
    contextlevel: 10,
    courseid: 0,
  }),
];

describe("Moodle's own table of the log", () => {
  test("is classified by the classes of its events, and says whom they are about", async () => {
    const run = await runLog(csvOf(EVENTS));
    const found = run.rows.map((event) => [
      event["event_name"],
      event["activity"],
      event["actor"],
      event["module_type"],
      event["course_module_id"],
    ]);
    expect(found.reverse()).toEqual([
      ["Quiz attempt submitted", "Assess_A", "user-5", "quiz", "12"],
      ["Quiz attempt reviewed", "Teach", "user-2", "quiz", "12"],
      ["Course module viewed", "Study_P", "user-5", "page", "12"],
      ["Course viewed", "View", "user-5", "", ""],
      ["User graded", "Teach", "user-2", "", "12"],
      ["Post created", "Interact", "user-6", "forum", "12"],
      ["Course restored", "System", "user-5", "", ""],
      ["Lab finished", "Teach", "user-2", "other", "12"],
      ["Lab frobnicated", "View", "user-5", "other", "12"],
      ["Cron done", "System", "system", "", ""],
    ]);
    expect(new Set(run.rows.map((event) => event["course"]))).toEqual(new Set(["course-3"]));
    expect(run.summary.warnings.join()).toContain("1 events were done by somebody logged in as another");
    expect(run.summary.probable_staff).toMatchObject([{ actor: "user-2", teaching_events: 3 }]);
    expect(run.rows[0]?.["timestamp"]).toBe("2024-08-22T13:43:23+00:00");
    expect(run.summary.detected).toMatchObject({ log_store: true, file_format: "csv", language: "en" });
  });

  test("is the same as JSON, as a database writes it", async () => {
    const names = HEADINGS.split(",");
    const objects = EVENTS.map((cells) =>
      Object.fromEntries(cells.map((cell, i) => [names[i], cell === "NULL" ? null : cell])),
    );
    const json = JSON.stringify([
      { type: "header", version: "5.2" },
      { type: "table", name: "mdl_logstore_standard_log", data: objects },
    ]);
    const [csv, run] = [await runLog(csvOf(EVENTS)), await runLog(json)];
    const content = (rows: typeof csv.rows) => rows.map(({ source_line, ...event }) => event);
    expect(content(run.rows)).toEqual(content(csv.rows));
    expect(run.summary.detected).toMatchObject({ log_store: true, file_format: "json" });
  });
});
