import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { confusionTable, labelledEvents, logOfLabelled, type Shown } from "./labelled-log.js";
import { runLog } from "./log-run.js";

/** The labelled set, run as a log that shows as much of each event. */
async function measured(shown: Shown) {
  const events = labelledEvents().filter(
    ({ moodle, description }) => shown !== "description" || (moodle !== "plugin" && description !== ""),
  );
  const run = await runLog(logOfLabelled(events, shown));
  const found = [...run.rows].reverse().map((row) => row["activity"] ?? "");
  const wrong = events.flatMap(({ component, eventName, onAnother, expected }, index) =>
    expected === found[index]
      ? []
      : [`${component}: ${eventName}${onAnother ? " (on another)" : ""}: ${found[index]} for ${expected}`],
  );
  return { events, found, wrong, ...confusionTable(events, found) };
}

describe("the labelled set", () => {
  test("is classified as docs/moodle-log.md says", async () => {
    const { events, table, wrong, others } = await measured("all");
    expect(wrong).toEqual([]);
    expect(others).toBe(0);
    const docs = readFileSync(new URL("../../../docs/moodle-log.md", import.meta.url), "utf8");
    expect(docs).toContain(table);
    expect(docs).toContain(`${events.length} labelled events`);
  });

  test.each<[Shown]>([["description"], ["names"]])(
    "has the same levels by the %s alone, and hardly an event that is Others",
    async (shown) => {
      const { events, wrongLevels, others } = await measured(shown);
      expect(wrongLevels / events.length).toBeLessThanOrEqual(0.01);
      expect(others / events.length).toBeLessThanOrEqual(0.02);
    },
  );

  test("makes nobody staff who acts on what is their own", async () => {
    const own = labelledEvents().filter(
      ({ onAnother, expected }) => !onAnother && expected !== "Teach" && expected !== "System",
    );
    expect((await runLog(logOfLabelled(own, "all"))).summary.probable_staff).toEqual([]);
    const teaching = labelledEvents().filter(({ onAnother, expected }) => onAnother && expected === "Teach");
    expect((await runLog(logOfLabelled(teaching, "all"))).summary.probable_staff).toMatchObject([
      { name: "Ana", teaching_events: teaching.length },
    ]);
  });
});
