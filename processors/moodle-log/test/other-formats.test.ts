import { zipOf } from "@drover/testkit";
import { describe, expect, test } from "vitest";
import { moodleLog } from "../src/index.js";
import { readCsv, runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";
import { escaped, odsOf, odsRow, type SheetCell, xlsxOf } from "./table-files.js";

const CSV = syntheticLog({ rows: 60, tricky: true, lineEnd: "\r\n" });
const TABLE = readCsv(CSV);
const [HEADINGS = [], ...ROWS] = TABLE;
/** A log of two rows. */
const SMALL = readCsv(syntheticLog({ rows: 2, lineEnd: "\r\n" }));

/** What the outputs hold of a log, but for the lines of its file. */
async function contentOf(input: string | Uint8Array) {
  const run = await runLog(input);
  return run.rows.map(({ source_line, ...row }) => row);
}

const linesOf = async (input: string | Uint8Array) =>
  (await runLog(input)).rows.map((row) => Number(row["source_line"])).sort((a, b) => a - b);

async function refusal(input: string | Uint8Array): Promise<string> {
  const error = await runLog(input).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "InputInvalidError" });
  return error instanceof Error ? error.message : "";
}

function htmlOf(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells, i) => {
    const tag = i === 0 ? "th" : "td";
    return `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  });
  return `<!DOCTYPE html><html><title>log</title><body><table><tr><td>menu</table><table border=1>${lines.join("\n")}</table>`;
}

describe("the same log in another format", () => {
  const objects = ROWS.map((cells) => Object.fromEntries(cells.map((cell, i) => [HEADINGS[i], cell])));
  test.each([
    ["an .xlsx with its texts in the cells, as Moodle writes it", xlsxOf({ Log: TABLE })],
    ["an .xlsx with its texts apart, as Excel does", xlsxOf({ Log: TABLE }, { isShared: true })],
    ["an .ods", odsOf(TABLE.map((cells) => odsRow(cells)).join(""))],
    ["JSON as Moodle writes it, rows without headings", JSON.stringify([ROWS])],
    ["JSON of objects", JSON.stringify({ log: objects }, null, 2)],
    ["a ZIP of one CSV", zipOf([{ name: "log.csv", content: CSV }])],
    ["UTF-16", Buffer.from(`\ufeff${CSV}`, "utf16le")],
    ["lines that end with a bare CR", TABLE.map((cells) => cells.map(quoted).join(",")).join("\r")],
  ])("is read as the CSV is: %s", async (_, file) => {
    expect(await contentOf(file)).toEqual(await contentOf(CSV));
  });

  test("is read as the CSV is: an HTML table", async () => {
    const plain = readCsv(syntheticLog({ rows: 60, lineEnd: "\r\n" }));
    expect(await contentOf(htmlOf(plain))).toEqual(
      await contentOf(plain.map((c) => c.map(quoted).join()).join("\n")),
    );
  });

  test("is taken under its usual names and media types", () => {
    const { extensions, mediaTypes } = moodleLog.accepts;
    expect(extensions).toEqual(expect.arrayContaining([".csv", ".xlsx", ".ods", ".json", ".html", ".zip"]));
    expect(mediaTypes).toEqual(expect.arrayContaining(["text/csv", "application/json", "application/zip"]));
  });

  test("is told by its content, whatever its name says", async () => {
    const { summary } = await runLog(xlsxOf({ "Course log": SMALL })); // as log.csv
    expect(summary.detected).toMatchObject({
      file_format: "xlsx",
      delimiter: "none",
      tables: [{ name: "Course log", first_line: 1 }],
    });
    expect((await runLog(JSON.stringify([SMALL]))).summary.detected.file_format).toBe("json");
  });
});

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

describe("a sheet", () => {
  const dated = (time: SheetCell): SheetCell[] => [time, ...(SMALL[1] ?? []).slice(1)];
  const firstTime = async (file: Uint8Array) => (await runLog(file)).rows[0]?.["timestamp"];

  test("has its dates turned right by the style of their cells", async () => {
    const sheet = (serial: number) => ({ Log: [SMALL[0] ?? [], dated({ serial, isDate: true })] });
    const moment = "2024-08-22T13:43:23+00:00";
    expect(await firstTime(xlsxOf(sheet(45526.57179398148)))).toBe(moment);
    expect(
      await firstTime(xlsxOf(sheet(45526.57179398148), { dateFormat: 'dd\\/mm\\/yyyy" at "hh:mm' })),
    ).toBe(moment);
    expect(await firstTime(xlsxOf(sheet(44064.57179398148), { is1904: true }))).toBe(moment);
  });

  test("has its dates turned right by their values in an .ods", async () => {
    const cells = odsRow((SMALL[1] ?? []).slice(1)).replace(
      "<table:table-cell",
      '<table:table-cell office:value-type="date" office:date-value="2024-08-22T13:43:23"><text:p>22/08/24</text:p></table:table-cell><table:table-cell',
    );
    expect(await firstTime(odsOf(odsRow(SMALL[0] ?? []) + cells))).toBe("2024-08-22T13:43:23+00:00");
  });

  test("with a serial number that no style shows as a date has the row rejected, with the reason", async () => {
    const rows = [SMALL[0] ?? [], dated({ serial: 45526.57, isDate: false }), ...SMALL.slice(1)];
    expect(await refusal(xlsxOf({ Log: rows }))).toContain(
      "1 × a serial number of a spreadsheet such as 45526.57",
    );
  });

  test("is counted by rows, with titles above and rows that are missing", async () => {
    const rows = [["Course log"], undefined, ["exported by", "A B"], ...SMALL];
    expect(await linesOf(xlsxOf({ Log: rows }))).toEqual([5, 6]);
    const blank = '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>';
    const end =
      '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>';
    const [head = [], first = [], second = []] = SMALL;
    expect(await linesOf(odsOf(odsRow(head) + odsRow(first) + blank + odsRow(second) + end))).toEqual([2, 6]);
  });

  test("goes on in the next one, with or without headings, and leaves others out", async () => {
    const run = await runLog(
      xlsxOf({ Notes: [["by", "whom"]], Log: TABLE.slice(0, 31), Log2: TABLE.slice(31), Log3: SMALL }),
    );
    expect(run.summary.rows).toMatchObject({ read: 62, rejected: 0 });
    expect(run.summary.detected.tables).toEqual([
      { name: "Log", first_line: 1 },
      { name: "Log2", first_line: 32 },
      { name: "Log3", first_line: 62 },
    ]);
    expect(run.summary.warnings.join()).toContain("Left out, since it is no log: “Notes”.");
  });
});

describe("several files in a ZIP", () => {
  test("are one log, each in its own format, encoding and order of columns", async () => {
    const [head = [], ...rows] = TABLE;
    const turned = [head, ...rows.slice(20, 40)].map((cells) => [...cells].reverse().map(quoted).join(";"));
    const run = await runLog(
      zipOf([
        { name: "a.xlsx", content: xlsxOf({ Log: [head, ...rows.slice(0, 20)] }) },
        { name: "b.csv", content: Buffer.from(`\ufeff${turned.join("\r\n")}`, "utf16le") },
        { name: "logs/c.json", content: JSON.stringify([rows.slice(40)]) },
        { name: "readme.pdf", content: "%PDF-1.7" },
        { name: "__MACOSX/._a.xlsx", content: "x" },
      ]),
    );
    expect(run.rows.map(({ source_line, ...row }) => row)).toEqual(await contentOf(CSV));
    expect(run.summary.detected).toMatchObject({
      file_format: "zip",
      tables: [
        { name: "a.xlsx › Log", first_line: 1 },
        { name: "b.csv", first_line: 22 },
        { name: "logs/c.json", first_line: 43 },
      ],
    });
    expect(run.summary.warnings.join()).toContain("“readme.pdf”");
  });

  test("have rows of another number of cells rejected as they stand", async () => {
    const content = `${CSV}too,few\r\n"open,a\r\n${"x,".repeat(9)}x\r\n`;
    const run = await runLog(zipOf([{ name: "log.csv", content }]));
    expect(run.summary.rows.rejected_by_reason).toEqual({ cell_count: 2, open_quote: 1 });
    expect(run.artifacts.get("rejected_rows.csv")?.toString()).toContain(
      '62,wrong number of cells,"""too,few"""',
    );
  });
});

describe("a file that is no log, or would be too much, is refused in words", () => {
  const bomb = Buffer.alloc(66 << 20, "a");
  test.each([
    [
      "a ZIP without a log",
      zipOf([{ name: "a.txt", content: "Dear all," }]),
      "This file holds no log of Moodle's. “a.txt”: No header",
    ],
    ["an empty ZIP", zipOf([]), "This ZIP archive is empty."],
    [
      "a ZIP in a ZIP",
      zipOf([{ name: "a.zip", content: zipOf([{ name: "log.csv", content: CSV }]) }]),
      "An archive in an archive is not read",
    ],
    [
      "a workbook without a log",
      xlsxOf({ Marks: [["name", "grade"]] }),
      "“Marks”: No header of Moodle's Logs report was recognised. Found: name, grade",
    ],
    ["a workbook without times", xlsxOf({ Log: TABLE.map((cells) => cells.slice(1)) }), "No time column"],
    [
      "a Word document",
      zipOf([
        {
          name: "_rels/.rels",
          content: '<a><Relationship Id="1" Type="x/officeDocument" Target="word/document.xml"/></a>',
        },
      ]),
      "a document, and no spreadsheet",
    ],
    ["a damaged workbook", xlsxOf({ Log: TABLE }).subarray(0, 900), "cannot be read: it is damaged"],
    [
      "a workbook with a password on its parts",
      zipOf([
        { name: "content.xml", content: "", flags: 1 },
        { name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet" },
      ]),
      "has a password",
    ],
    ["a ZIP bomb", zipOf([{ name: "log.csv", content: bomb }]), "looks like a ZIP bomb"],
    [
      "an .xlsx of one text",
      xlsxOf({ Log: TABLE }, { prolog: " ".repeat(6 << 20) }),
      "a cell longer than any",
    ],
    [
      "an XML bomb",
      xlsxOf({ Log: TABLE }, { prolog: '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>' }),
      "DOCTYPE",
    ],
    [
      "a row that is repeated without end",
      odsOf(odsRow(SMALL[0] ?? []) + odsRow(SMALL[1] ?? [], 'table:number-rows-repeated="100000"')),
      "repeats one row 100000 times",
    ],
    ["deep XML", xlsxOf({ Log: TABLE }, { prolog: "<a>".repeat(300) }), "nests more than 200 elements"],
    ["deep JSON", "[".repeat(3000), "nests more than 100"],
    ["broken JSON", '[["a", nonsense]]', "It is no JSON"],
    [
      "JSON of other things",
      '[{"name":"Ana","grade":5}]',
      "This JSON holds no log of Moodle's. No header of Moodle's Logs report was recognised. Found: name, grade",
    ],
    ["a web page", "<html><body><form>Log in</form></body></html>", "session may have ended"],
    ["XML", "<?xml version='1.0'?><logs/>", "This file is XML"],
  ])("%s", async (_, file, sentence) => {
    const message = await refusal(file);
    expect(message).toContain(sentence);
    expect(message).toMatch(/[.?]$/);
  });
});
