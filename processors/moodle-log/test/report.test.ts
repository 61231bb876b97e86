import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { LANGUAGES, NAMES } from "../src/reading/headings.js";
import { markup, own, plain } from "../src/report/markup.js";
import { ReportFigures } from "../src/report/report-figures.js";
import { REPORT_TEXTS, Wordings } from "../src/report/report-texts.js";
import { Shortlist } from "../src/report/shortlist.js";
import { shownSpan } from "../src/report/shown-span.js";
import { ACTIVITY_NAMES } from "../src/rules/rules.js";
import { type LogRun, runLog } from "./log-run.js";

const COLUMNS = [
  "time",
  "user_full_name",
  "affected_user",
  "event_context",
  "component",
  "event_name",
  "description",
  "origin",
  "ip_address",
] as const;
const ENGLISH = COLUMNS.map((column) => NAMES.headings.en[column][0]).join(",");

type Row = readonly [time: string, name: string, context: string, description: string];

function logOf(rows: readonly Row[], headings = ENGLISH): string {
  const lines = rows.map(([time, name, context, description]) =>
    [time, name, "-", context, "File", "Course module viewed", description, "web", "203.0.113.77"]
      .map((cell) => `"${cell.replaceAll('"', '""')}"`)
      .join(","),
  );
  return [headings, ...lines, ""].join("\n");
}

const viewed = (time: string, user: number, [id, name]: readonly [number, string] = [9, "Slides"]): Row => [
  time,
  "-",
  `File: ${name}`,
  `The user with id '${user}' viewed the 'resource' activity with course module id '${id}'.`,
];

const pageOf = (run: LogRun) => run.artifacts.get("report.html")?.toString("utf8") ?? "";
const headingsOf = (page: string) =>
  [...page.matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(([, text = ""]) => text.replace(/<[^>]+>/g, "").trim());

describe("report.html", () => {
  test("states what was found: who was not seen, what was opened, when, and what follows what", async () => {
    const run = await runLog(
      logOf([
        viewed("01/08/24, 10:00:00", 5),
        viewed("20/08/24, 10:30:00", 6),
        viewed("20/08/24, 10:40:00", 7, [10, "Syllabus"]),
        [
          "20/08/24, 11:00:00",
          "-",
          "File: Exam",
          "The user with id '8' updated the 'resource' activity with course module id '11'.",
        ],
      ]),
    );
    const headings = headingsOf(pageOf(run)).join("\n");
    expect(headings).toContain("1 of 3 students has not been seen for 14 days or more");
    expect(headings).toContain("1 of 3 activities and files was opened by no student");
    expect(headings).toContain("The busiest week began on 19 August 2024: 2 events by 2 students");
    expect(headings).toContain("The busiest hour is Tuesday from 10:00 to 11:00");
    expect(pageOf(run)).toContain("Probable staff: <bdi>user-8</bdi>.");
  });

  test("asks for no other file, runs only its own script and style, and shows no address", async () => {
    const page = pageOf(
      await runLog(logOf([viewed("20/08/24, 10:00:00", 5), viewed("20/08/24, 11:00:00", 6)])),
    );
    expect(page).not.toMatch(/https?:|\bsrc=|@import|url\((?!#)|<link|<form|\son[a-z]+=|\sstyle=/);
    expect(page).not.toContain("203.0.113");
    const policy =
      /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll("&#39;", "'") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; /);
    for (const element of ["style", "script"]) {
      const source = new RegExp(`<${element}>(.*?)</${element}>`, "s").exec(page)?.[1] ?? "";
      expect(policy).toContain(
        `${element}-src 'sha256-${createHash("sha256").update(source).digest("base64")}'`,
      );
    }
  });

  test("shows names as text, whatever they hold", async () => {
    const evil = `</title></script><script>alert(1)</script><img src=x onerror="alert(1)">\u202etxt\u2066 &amp; 'x'`;
    const description = "Somebody viewed something.";
    const page = pageOf(
      await runLog(
        logOf([
          ["20/08/24, 10:00:00", evil, `File: ${evil}`, description],
          ["20/08/24, 11:00:00", "Rui", `Course: ${evil}`, description],
        ]),
      ),
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain("<img");
    expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    const shown = "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;txt &amp; &#39;x&#39;";
    expect(page.split(shown).length - 1).toBeGreaterThanOrEqual(3);
  });

  test.each(LANGUAGES)("is in the language of the log: %s", async (language) => {
    const headings = COLUMNS.map((column) => `"${NAMES.headings[language][column][0]}"`).join(",");
    const run = await runLog(
      logOf([viewed("20/08/24, 10:00:00", 5), viewed("21/08/24, 11:00:00", 6)], headings),
    );
    const page = pageOf(run);
    expect(page).toContain(`<html lang="${language}">`);
    expect(page).toContain(String(REPORT_TEXTS[language]["title"]));
    const shown = page.replace(/<(style|script)>.*?<\/\1>/gs, "");
    expect(/\{\w+\}|undefined|NaN|Invalid/.exec(shown)).toBeNull();
  });

  test("has a heading for each table, and a title and a description for each drawing", async () => {
    const rows = [1, 2, 3].flatMap((user) => [
      viewed(`2${user}/08/24, 10:00:00`, user),
      [
        `2${user}/08/24, 11:00:00`,
        "-",
        "Course: A",
        `The user with id '${user}' viewed the course with id '2'.`,
      ] as const,
    ]);
    const page = pageOf(await runLog(logOf(rows)));
    const count = (pattern: RegExp) => [...page.matchAll(pattern)].length;
    expect(count(/<table/g)).toBeGreaterThan(5);
    expect(count(/<caption>[^<]+<\/caption>/g)).toBe(count(/<table/g));
    expect(count(/role="img"/g)).toBeGreaterThan(3);
    expect(count(/<title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]+<\/desc>/g)).toBe(
      count(/role="img"/g),
    );
    expect(count(/<svg/g)).toBe(count(/role="img"|aria-hidden="true"/g));
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is made of a log without students, and of one without anybody", async () => {
    const teacher: Row = [
      "20/08/24, 10:00:00",
      "-",
      "Course: A",
      "The user with id '8' updated the course with id '2'.",
    ];
    const nobody: Row = ["20/08/24, 10:00:00", "-", "Course: A", "Something happened."];
    for (const row of [teacher, nobody]) expect(pageOf(await runLog(logOf([row])))).toMatch(/<\/html>\n$/);
  });

  test("shows the first 500 of many students, and says so", async () => {
    const rows = Array.from({ length: 1200 }, (_, user) => viewed("20/08/24, 10:00:00", user + 1));
    const page = pageOf(await runLog(logOf(rows)));
    expect(page).toContain("500 of 1,200 are shown here; students.csv has all.");
    expect(page.match(/<bdi>user-\d+<\/bdi>/g)).toHaveLength(500);
  });
});

test("every language has every text, with the same places to fill in", () => {
  const placesOf = (entry: unknown) =>
    [...new Set(JSON.stringify(entry).match(/\{\w+\}/g) ?? [])].sort().join();
  for (const language of LANGUAGES) {
    const texts = REPORT_TEXTS[language];
    expect(Object.keys(texts)).toEqual(Object.keys(REPORT_TEXTS.en));
    for (const [key, entry] of Object.entries(texts))
      expect(`${language} ${key} ${placesOf(entry)}`).toBe(
        `${language} ${key} ${placesOf(REPORT_TEXTS.en[key])}`,
      );
    for (const activity of ACTIVITY_NAMES) expect(texts[`activity_${activity}`]).toBeTypeOf("string");
  }
});

test("a template escapes what is put into it, and nothing twice", () => {
  const name = `<b class="x">'&`;
  expect(markup`<p title="${name}">${[own(name), false, undefined, 3]}</p>`.source).toBe(
    '<p title="&lt;b class=&quot;x&quot;&gt;&#39;&amp;"><bdi>&lt;b class=&quot;x&quot;&gt;&#39;&amp;</bdi>3</p>',
  );
  expect(plain("a\u0000\u202eb \n c".repeat(100))).toHaveLength(160);
});

test("numbers, plurals and dates are those of the language", () => {
  const german = new Wordings("de", "Europe/Berlin");
  expect(german.number(12345)).toBe("12.345");
  expect(german.moment(1_724_000_000)).toBe("18.08.2024, 18:53");
  expect(german.weekday(0)).toBe("Montag");
  expect(german.text("find_unseen", { n: 1, total: 3, days: 14 })).toContain("1 von 3 Lernenden war ");
  expect(new Wordings(undefined, "UTC").language).toBe("en");
});

test("what lies far from nearly all events does not count for the span that is shown", () => {
  const weeks = { mondays: [], columnOfWeek: new Uint32Array(), firstWeek: 0, hasOthers: false };
  const calendar = { weeks, firstDay: 0, byHour: [], byWeek: [] };
  const busy = Array.from({ length: 100 }, () => 50);
  const quiet = Array.from({ length: 300 }, (_, day) => (day === 299 ? 2 : 0));
  expect(shownSpan({ ...calendar, byDay: [...busy, ...quiet] })).toMatchObject({ byDay: busy, isCut: true });
  expect(shownSpan({ ...calendar, byDay: [...busy, 0, 0, 2] })).toMatchObject({ isCut: false });
});

test("a shortlist holds the first ones however many are offered", () => {
  const list = new Shortlist<number>(3, (a, b) => a - b);
  for (let i = 0; i < 100; i++) list.add((i * 37) % 100);
  expect(list.first()).toEqual([0, 1, 2]);
  expect(list.total).toBe(100);
});

test("students are classed by the whole days since they were last seen", () => {
  const day = 86_400;
  const figures = new ReportFigures({ weeks: 1, endSeconds: 100 * day, labelOf: String });
  for (const days of [0, 6.9, 7, 13.9, 14, 29, 30, 90]) {
    figures.addPerson({
      actor: 1,
      isStaff: false,
      events: 1,
      activeDays: 1,
      sessions: 1,
      sessionSeconds: 0,
      first: 0,
      last: (100 - days) * day,
      longestPauseSeconds: 0,
      byActivity: [],
      byModule: [],
      byWeek: [1, 0],
    });
  }
  expect(figures.byLastSeen).toEqual([2, 2, 2, 2]);
  expect(figures.unseen).toBe(4);
  expect(figures.activeByWeek).toEqual([8, 0]);
});
