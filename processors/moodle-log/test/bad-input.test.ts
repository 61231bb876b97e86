import { deflateRawSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moodleLog } from "../src/index.js";
import { orderOfFormat } from "../src/params.js";
import { runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

const refusal = async (input: string | Uint8Array, params: object = {}): Promise<string> => {
  const error = await runLog(input, params).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "InputInvalidError" });
  return error instanceof Error ? error.message : "";
};

describe("an input that is no log", () => {
  test.each([
    ["an empty file", new Uint8Array(0), "The file is empty"],
    ["only a byte order mark", Buffer.from("\ufeff"), "The file is empty"],
    ["blank lines", Buffer.from("\r\n\r\n  \r\n"), "The file is empty"],
    [
      "a part of an archive",
      Buffer.concat([Buffer.from("PK\x03\x04"), deflateRawSync("x")]),
      "This ZIP archive or workbook cannot be read: it is damaged",
    ],
    [
      "an old workbook",
      Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
      "old Excel workbook (.xls)",
    ],
    ["a PDF", Buffer.from("%PDF-1.7\n"), "PDF"],
    ["a compressed file", gzipSync(syntheticLog({ rows: 3 })), "compressed"],
    ["JSON", Buffer.from('{"a":1}'), "This JSON holds no log"],
    ["a web page", Buffer.from("\n<!DOCTYPE html><html><body>Log in</body></html>"), "web page"],
    ["binary", Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)), "not text"],
    ["prose", Buffer.from("Dear all,\nplease find the log attached.\n"), "No header of Moodle's Logs report"],
    ["another table", Buffer.from("name,grade\nAna,5\n"), "Found: name, grade"],
    [
      "a log without times",
      Buffer.from("User full name,Event name,Description\nAna,Course viewed,\n"),
      "No time column. Found: User full name, Event name, Description",
    ],
    ["headings only", Buffer.from(syntheticLog({ rows: 0 })), "no rows below them"],
  ])("%s is refused with a sentence that says what it is", async (_, input, sentence) => {
    const message = await refusal(input);
    expect(message).toContain(sentence);
    expect(message).toMatch(/[.?]$/);
  });

  test("rows of which none can be used are refused with the first of them", async () => {
    const message = await refusal(syntheticLog({ rows: 20, bad: 1 }));
    expect(message).toMatch(
      /^No row can be used: 20 of 20 rows rejected \(20 × unreadable time; 9 cells were expected\)\. The first is line 2: /,
    );
  });

  test("too many unusable rows are refused, and the limit can be moved", async () => {
    const text = syntheticLog({ rows: 400, bad: 0.3 });
    expect(await refusal(text)).toMatch(
      /^\d+\.\d % of the rows cannot be used, more than the 10 % allowed \(max_rejected_percent\)/,
    );
    const run = await runLog(text, { max_rejected_percent: 50 });
    expect(run.summary.rows.rejected).toBeGreaterThan(80);
  });
});

describe("rows that cannot be used", () => {
  test("are listed with line, reason and raw text, and counted by reason", async () => {
    const [heading, ...lines] = syntheticLog({ rows: 100 }).trimEnd().split("\n");
    const bad = [
      "31/02/24, 10:00:00,a,b,c,d,e,f,g,h",
      '"31/02/24, 10:00:00",a,b,c,d,e,f,g,h',
      "too,few",
      '"n/a",a,b,c,d,e,f,g,h',
      '"open,a,b',
    ];
    const run = await runLog([heading, ...lines.slice(0, 50), ...bad, ...lines.slice(50), ""].join("\n"));
    expect(run.artifacts.get("rejected_rows.csv")?.toString()).toBe(
      [
        "line,reason,raw",
        `52,wrong number of cells,"${bad[0]}"`,
        '53,a date that does not exist,"""31/02/24, 10:00:00"",a,b,c,d,e,f,g,h"',
        `54,wrong number of cells,"${bad[2]}"`,
        '55,unreadable time,"""n/a"",a,b,c,d,e,f,g,h"',
        '56,a quoted cell is not closed properly,"""open,a,b"',
        "",
      ].join("\r\n"),
    );
    expect(run.summary.rows).toMatchObject({
      read: 105,
      kept: 100,
      rejected: 5,
      rejected_by_reason: { cell_count: 2, impossible_date: 1, unreadable_time: 1, open_quote: 1 },
    });
    expect(run.summary.warnings.join()).toContain("5 rows could not be used");
  });

  test("leave no file when there are none", async () => {
    expect((await runLog(syntheticLog({ rows: 10 }))).artifacts.has("rejected_rows.csv")).toBe(false);
  });

  test("blank lines and empty cells at the end of a row are no errors", async () => {
    const text = syntheticLog({ rows: 30, delimiter: ";" })
      .replaceAll("\n", ";;\n")
      .replace("\n", "\n\n;;;;;;;;;;\n");
    const run = await runLog(text);
    expect(run.summary.rows).toMatchObject({ read: 30, kept: 30, rejected: 0 });
    expect(run.rows.at(-1)?.["source_line"]).toBe("4");
  });
});

describe("a cell that is no time", () => {
  const row = (time: string) =>
    `"${time}",Ana,-,Course: Art,System,Course viewed,The user with id '5' viewed the course with id '2'.,web,192.0.2.1`;

  test("is rejected for what it looks like", async () => {
    const cells = ["45526.57", "45526,57", "45526", "########", "12345678", "1.5", "###", "soon"];
    const good = Array.from({ length: 90 }, () => row("22/08/24, 10:00"));
    const log = await runLog([HEADINGS, ...good, ...cells.map(row), ""].join("\n"));
    expect(log.summary.rows.rejected_by_reason).toEqual({ serial_number: 3, hashes: 2, unreadable_time: 3 });
    const rejected = log.artifacts.get("rejected_rows.csv")?.toString() ?? "";
    expect(rejected).toContain("\r\n92,a serial number of a spreadsheet such as 45526.57 instead of a date,");
    expect(rejected).toContain("\r\n95,######## instead of a date: its column was too narrow");
  });

  test("and is a date in others warns of a spreadsheet that turned only some", async () => {
    const log = await runLog([HEADINGS, row("2024-12-08 10:00:00"), row("22/08/24, 10:00"), ""].join("\n"));
    expect(log.summary.warnings.join()).toContain("1 rows have dates of a spreadsheet and the others texts");
    expect((await runLog(syntheticLog({ rows: 10 }))).summary.warnings.join()).not.toContain("spreadsheet");
  });

  test("in the future is kept, with a warning", async () => {
    const log = await runLog([HEADINGS, row("2094-12-08 10:00:00"), ""].join("\n"));
    expect(log.summary.warnings.join()).toContain("Some events lie in the future");
    expect((await runLog(syntheticLog({ rows: 10 }))).summary.warnings.join()).not.toContain("future");
  });
});

test("rows of mixed day and month are rejected and say so", async () => {
  const row = (time: string) =>
    `"${time} 10:00",Ana,-,Course: Art,System,Course viewed,The user with id '5' viewed the course with id '2'.,web,192.0.2.1`;
  const rows = [
    ...Array.from({ length: 30 }, (_, day) => row(`${30 - day}/11/23`)),
    row("12/25/23"),
    row("31/02/23"),
  ];
  const log = await runLog([HEADINGS, ...rows, ""].join("\n"));
  expect(log.summary.rows.rejected_by_reason).toEqual({ mixed_dates: 1, impossible_date: 1 });
  expect(log.artifacts.get("rejected_rows.csv")?.toString()).toContain(
    "\r\n32,day and month mixed: 12/25/23 and 30/11/23 both occur,",
  );
  expect(log.summary.warnings.join()).toContain("12/25/23 and 30/11/23 both occur");
});

describe("the params", () => {
  test("need nothing, and are refused with the place and the reason", () => {
    expect(moodleLog.parseParams(undefined)).toMatchObject({
      ok: true,
      params: { case: "user", max_rejected_percent: 10 },
    });
    const message = (params: object) => {
      const parsed = moodleLog.parseParams(params);
      return parsed.ok ? "accepted" : parsed.message;
    };
    expect(message({ timezone: "Lisbon" })).toContain("Europe/Lisbon");
    expect(message({ date_format: "whenever" })).toContain("DD/MM/YYYY");
    expect(message({ case: "course" })).toContain("user_course");
    expect(message({ rules: [{ activity: "View" }] })).toContain("rules[0]");
    expect(message({ nonsense: 1 })).toContain("nonsense");
  });

  test("say a date's order in the schema as the processor reads it", () => {
    const formats = fc.string({ unit: fc.constantFrom(..."dmyDMYhH/%- :"), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.oneof(formats, fc.constantFrom("auto", "%d/%m/%y %H:%M", "YYYY-MM-DD", "autos")),
        (format) => {
          const isTaken = format === "auto" || orderOfFormat(format) !== undefined;
          expect(moodleLog.parseParams({ date_format: format }).ok).toBe(isTaken);
        },
      ),
    );
  });

  test("are described one by one in the catalogue", () => {
    const { properties } = moodleLog.paramsSchema as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties)).toContain("timezone");
    for (const [name, { description }] of Object.entries(properties))
      expect([name, description ?? ""][1]).not.toBe("");
  });
});
