import { beforeAll, describe, expect, test } from "vitest";
import { LANGUAGES } from "../src/reading/headings.js";
import { type LogRun, runLog } from "./log-run.js";
import { syntheticLog, type TimeStyle } from "./synthetic-log.js";

const ROWS = 800;

let english: LogRun;
let englishNames: LogRun;
beforeAll(async () => {
  english = await runLog(syntheticLog({ rows: ROWS }));
  englishNames = await runLog(syntheticLog({ rows: ROWS, withoutDescriptions: true }));
});

describe.each(LANGUAGES)("a log in %s", (language) => {
  test("has the same distribution of levels as in English, and hardly any Others", async () => {
    const own = await runLog(syntheticLog({ rows: ROWS, language }));
    expect(own.summary.detected.language).toBe(language);
    expect(own.summary.events_by_level).toEqual(english.summary.events_by_level);
    expect(own.summary.events_by_activity).toEqual(english.summary.events_by_activity);
    expect(own.summary.others_percent).toBeLessThanOrEqual(5);
  });

  test("is classified by its names alone when the descriptions are gone", async () => {
    const own = await runLog(syntheticLog({ rows: ROWS, language, withoutDescriptions: true }));
    expect(own.summary.others_percent).toBeLessThanOrEqual(5);
    expect(own.summary.events_by_level).toEqual(englishNames.summary.events_by_level);
  });

  test.each(["newest", "before", "oldest"] as const)(
    "has every time read in its %s form",
    async (time: TimeStyle) => {
      const newest = await runLog(syntheticLog({ rows: 400, language, days: 40 }));
      const own = await runLog(syntheticLog({ rows: 400, language, time, days: 40 }));
      expect(own.summary.rows).toMatchObject({ read: 400, kept: 400, rejected: 0 });
      const minutes = (rows: typeof own.rows) => rows.map((row) => row["timestamp"]?.slice(5, 16));
      expect(minutes(own.rows).sort()).toEqual(minutes(newest.rows).sort());
      if (time !== "oldest" && language !== "en")
        expect(own.rows.at(-1)?.["timestamp"]?.slice(0, 4)).toBe("2024");
    },
  );
});
