import { describe, expect, test } from "vitest";
import { COLUMNS, LANGUAGES, NAMES, normalName, recogniseHeadings } from "../src/reading/headings.js";
import { findText, layoutOfReport } from "../src/reading/layout.js";
import { syntheticLog } from "./synthetic-log.js";

const detect = (text: string) => layoutOfReport(findText(Buffer.from(text), { start: 0, isWhole: true }));

describe("the layout of a log", () => {
  test.each(LANGUAGES)("is told by its headings in %s, with and without the Course column", (language) => {
    for (const site of [false, true]) {
      const { layout, language: found, recognisedBy } = detect(syntheticLog({ rows: 5, language, site }));
      expect([found, recognisedBy]).toEqual([language, "headings"]);
      expect(COLUMNS.map((column) => layout.columns[column])).toEqual(
        site ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] : [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8],
      );
    }
  });

  test.each(LANGUAGES)("knows every variant of a heading in %s", (language) => {
    for (const column of COLUMNS) {
      for (const name of NAMES.headings[language][column]) {
        const row = COLUMNS.map((c) => (c === column ? name : (NAMES.headings[language][c][0] ?? "")));
        expect(recogniseHeadings(row).columns).toEqual([...COLUMNS]);
      }
    }
  });

  test.each([",", ";", "\t"] as const)("is found with the delimiter “%s”", (delimiter) => {
    const { layout } = detect(syntheticLog({ rows: 5, delimiter, tricky: true }));
    expect(String.fromCharCode(layout.delimiter)).toBe(delimiter);
    expect(layout.cells).toBe(9);
  });

  test("survives a stray index column, whether its heading is empty or not there at all", () => {
    const text = syntheticLog({ rows: 5, indexColumn: true });
    expect(detect(text).layout).toMatchObject({ cells: 10, columns: { time: 1, ip_address: 9, course: -1 } });
    expect(detect(text.slice(1)).layout).toMatchObject({
      cells: 10,
      columns: { time: 1, ip_address: 9, course: -1 },
    });
  });

  test("is taken by order when no heading is known", () => {
    const lines = (options: Parameters<typeof syntheticLog>[0]) => syntheticLog(options).split("\n");
    const [, ...data] = lines({ rows: 5 });
    const [, ...siteData] = lines({ rows: 5, site: true });
    const [, ...indexData] = lines({ rows: 5, indexColumn: true });
    const found = detect(["A,B,C,D,E,F,G,H,I", ...data].join("\n"));
    expect(found).toMatchObject({
      recognisedBy: "order",
      layout: { columns: { course: -1, time: 0, ip_address: 8 } },
    });
    expect(found.warnings[0]).toContain("no known language");
    expect(detect(["A,B,C,D,E,F,G,H,I,J", ...siteData].join("\n")).layout.columns).toMatchObject({
      course: 0,
      time: 1,
    });
    expect(detect([",A,B,C,D,E,F,G,H,I", ...indexData].join("\n")).layout.columns).toMatchObject({
      course: -1,
      time: 1,
    });
    expect(detect(data.join("\n"))).toMatchObject({ headings: [], layout: { dataStart: 0, firstLine: 1 } });
  });

  test("does not mind Excel's sep= line, columns in another order, or more of them", () => {
    const text = 'sep=;\nEvent name;Extra;Time;Description\n"Course viewed";x;22/08/24, 13:43;y\n';
    expect(detect(text).layout).toMatchObject({
      columns: { event_name: 0, time: 2, description: 3, origin: -1 },
      firstLine: 3,
    });
  });

  test.each([
    ["Event.context,User.full.name,Event.name,Description,Time,IP.address", "as R leaves them"],
    ["event_context,user_full_name,event_name,description,time,ip_address", "as pandas leaves them"],
    ["EventContext,userFullName,eventName,DESCRIPTION,time,IPAddress", "without blanks"],
    ["\u00a0Event  context ,User full  name,Event name:,Description, TIME ,IP-address", "with extra blanks"],
    ["Contexto.do.Evento,Nome.completo,Nome.do.evento,Descrição,Hora,endereço.IP", "in Portuguese"],
    [
      "Contexte.de.l.événement,Nom.complet.de.l.utilisateur,Nom.de.l.événement,Description,Heure,Adresse.IP",
      "in French",
    ],
  ])("is told by mangled headings in any order: %s, %s", (headings) => {
    expect(detect(`${headings}\nx,Ana,y,z,"22/08/24, 13:43",192.0.2.1\n`).layout).toMatchObject({
      columns: { event_context: 0, event_name: 2, description: 3, time: 4, ip_address: 5, course: -1 },
    });
  });

  test.each([",", ";", "\t"] as const)("is found below titles, with “%s”", (delimiter) => {
    const titles = ["Course: Art, 2024", "", `exported${delimiter}by${delimiter}Ana`].join("\n");
    const found = detect(`${titles}\n${syntheticLog({ rows: 5, delimiter })}`);
    expect(found).toMatchObject({ recognisedBy: "headings", layout: { cells: 9, firstLine: 5 } });
    const [, ...data] = syntheticLog({ rows: 5, delimiter }).split("\n");
    expect(detect([titles, ...data].join("\n")).layout).toMatchObject({ cells: 9, firstLine: 4 });
  });

  test("says what was looked for and what was found when there is no time column", () => {
    expect(() => detect("User full name,Event name,Description\na,b,c\n")).toThrow(
      "No time column. Found: User full name, Event name, Description.",
    );
    expect(() => detect("name,grade\nAna,5\n")).toThrow(/No header .* Found: name, grade\./);
    expect(() => detect("Time,Origin\n22/08/24,web\n")).toThrow(/Neither an event name nor a description/);
  });

  test("compares names without case, accents, typographic apostrophes and a final stop", () => {
    expect(normalName("  Nom de l’Événement : ")).toBe("nom de l'evenement");
    expect(normalName("Submission created.")).toBe("submission created");
  });
});
