import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeTimeFormat } from "../src/detected-format.js";
import { reckonYears } from "../src/kernel/arrange/reckon-years.js";
import { IMPOSSIBLE, resolveTimes } from "../src/kernel/arrange/resolve-times.js";
import { DateEvidenceCollector } from "../src/kernel/load/date-evidence.js";
import { TimeCellReader } from "../src/kernel/load/time-cell.js";
import { Rfc3339Writer } from "../src/kernel/write/rfc3339.js";
import { orderOfFormat } from "../src/params.js";
import { DATE_ORDERS, type DateOrder, decideDateOrder } from "../src/time/date-order.js";
import { isTimeZone, Zone } from "../src/time/zone.js";

const NOW = Date.UTC(2024, 11, 24) / 1000;

function pack(cells: readonly string[]): Float64Array {
  const reader = new TimeCellReader();
  return Float64Array.from(cells, (cell) => {
    const bytes = Buffer.from(cell);
    return reader.read(bytes, 0, bytes.length);
  });
}

function resolve(
  cells: readonly string[],
  options: {
    order?: DateOrder;
    zone?: string;
    yearless?: boolean;
    now?: number;
    year?: number;
    actors?: readonly number[];
    places?: readonly number[];
  } = {},
): string[] {
  const zone = new Zone(options.zone ?? "UTC");
  const times = pack(cells);
  const years = options.yearless
    ? reckonYears(times, {
        nowSeconds: options.now ?? NOW,
        year: options.year,
        keys: ["actors" as const, "places" as const].map((key) =>
          Uint32Array.from(cells, (_, row) => options[key]?.[row] ?? row % 2),
        ),
      }).years
    : undefined;
  const { instants, faults } = resolveTimes(times, { order: options.order ?? "dmy", zone, years });
  const writer = new Rfc3339Writer(zone, { milliseconds: false });
  return cells.map((_, row) => {
    if (Number.isNaN(times[row])) return "unreadable";
    return faults[row] === IMPOSSIBLE ? "impossible" : writer.write(instants[row] ?? 0).toString();
  });
}

const one = (cell: string, options?: Parameters<typeof resolve>[1]) => resolve([cell], options)[0];

describe("a time cell", () => {
  test.each([
    ["22/08/24, 13:43:23", "2024-08-22T13:43:23+00:00"],
    ["7/09/26, 21:40:58", "2026-09-07T21:40:58+00:00"],
    ["17/10/21, 12:39", "2021-10-17T12:39:00+00:00"],
    ["22/08/2024 13:43", "2024-08-22T13:43:00+00:00"],
    ["22/08/24 às 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 ago 2024, 13:43:23", "2024-08-22T13:43:23+00:00"],
    ["15 mars 24, 10:22:05", "2024-03-15T10:22:05+00:00"],
    ["15 août 2024, 10:22", "2024-08-15T10:22:00+00:00"],
    ["3 févr. 24, 10:22", "2024-02-03T10:22:00+00:00"],
    ["15. März 2024, 10:22:05", "2024-03-15T10:22:05+00:00"],
    ["15.03.2024 10:22", "2024-03-15T10:22:00+00:00"],
    ["22/ 08/2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["2024/08/22  13:43", "2024-08-22T13:43:00+00:00"],
    ["2024-08-22 13:43:23", "2024-08-22T13:43:23+00:00"],
    ["2024-08-22T13:43:23Z", "2024-08-22T13:43:23+00:00"],
    ["2024-08-22T13:43:23.123+02:00", "2024-08-22T11:43:23+00:00"],
    ["Aug 22, 2024, 1:43:23 PM", "2024-08-22T13:43:23+00:00"],
    ["22/08/24, 1:43:23 p. m.", "2024-08-22T13:43:23+00:00"],
    ["22/08/24, 12:05 a. m.", "2024-08-22T00:05:00+00:00"],
    ["22/08/24, 1:43:23\u202fPM", "2024-08-22T13:43:23+00:00"],
    ["29/02/24, 10:00", "2024-02-29T10:00:00+00:00"],
    ["22 августа 2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 sierpnia 2024, 13:43:23", "2024-08-22T13:43:23+00:00"],
    ["22. srpna 2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 Ağustos 2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 Αυγούστου 2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 באוגוסט 2024, 13:43", "2024-08-22T13:43:00+00:00"],
    ["2024年8月22日 13:43", "2024-08-22T13:43:00+00:00"],
    ["22 серп 2024, 13:43", "2024-08-22T13:43:00+00:00"],
  ])("%s is %s", (cell, expected) => {
    expect(one(cell)).toBe(expected);
  });

  test.each([
    ["8/22/24, 1:43:23 PM", "2024-08-22T13:43:23+00:00"],
    ["08/22/2024 13:43", "2024-08-22T13:43:00+00:00"],
    ["12/1/24, 12:00:00 AM", "2024-12-01T00:00:00+00:00"],
  ])("%s is %s where the month comes first", (cell, expected) => {
    expect(one(cell, { order: "mdy" })).toBe(expected);
  });

  test("the year comes first in Basque", () => {
    expect(one("24/08/22, 13:43:23", { order: "ymd" })).toBe("2024-08-22T13:43:23+00:00");
  });

  test.each([
    "",
    "-",
    "n/a",
    "yesterday",
    "25:61",
    "22/08",
    "99999",
    "22/08/24, 24:00",
    "22/08/24, 13:60",
    "1/2/3/4, 10:00",
    "13:43",
  ])("“%s” is not readable", (cell) => {
    expect(one(cell)).toBe("unreadable");
  });

  test("a date that no calendar has is told apart from one that cannot be read", () => {
    expect(one("31/02/24, 10:00:00")).toBe("impossible");
    expect(one("29/02/18, 19:00")).toBe("impossible");
  });

  test("any bytes are either readable or not, and never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const packed = new TimeCellReader().read(Buffer.from(bytes), 0, bytes.length);
        expect(Number.isNaN(packed) || Number.isSafeInteger(packed)).toBe(true);
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});

describe("the order of day and month", () => {
  const decide = (cells: readonly string[], language?: "en" | "eu", nowSeconds = NOW) => {
    const collector = new DateEvidenceCollector();
    for (const packed of pack(cells)) collector.add(packed);
    return decideDateOrder(collector.evidence, { given: undefined, language, nowSeconds });
  };

  test("is certain when a value over 12 settles it", () => {
    expect(decide(["05/08/2024 10:00", "22/08/2024 10:00"])).toMatchObject({
      order: "dmy",
      certainty: "certain",
    });
    expect(decide(["08/05/2024 10:00", "08/22/2024 10:00"])).toMatchObject({
      order: "mdy",
      certainty: "certain",
    });
  });

  test("stays right when a few rows are broken", () => {
    const cells = Array.from({ length: 40 }, (_, i) => `${28 - (i % 28)}/08/2024 10:00`);
    expect(decide([...cells, "08/31/2024 10:00"])).toMatchObject({ order: "dmy" });
  });

  test("is likely when only one order makes the rows fall in time", () => {
    const cells = [
      "03/12/2024 10:00",
      "12/11/2024 10:00",
      "05/11/2024 10:00",
      "09/10/2024 10:00",
      "02/09/2024 10:00",
    ];
    expect(decide(cells)).toMatchObject({ order: "dmy", certainty: "likely" });
  });

  test("is not one that puts dates in the future", () => {
    const cells = ["03/09/2024 10:00", "04/10/2024 10:00"];
    expect(decide(cells, "en", Date.UTC(2024, 5, 1) / 1000)).toMatchObject({
      order: "mdy",
      certainty: "likely",
    });
    expect(decide(cells, "en").order).toBe("dmy");
  });

  test("is not one that stretches the log over decades", () => {
    // Year first, these would be the years 2001 to 2012, or, beyond, of the future.
    const days = Array.from({ length: 28 }, (_, day) => `${String(28 - day).padStart(2, "0")}/02/11, 10:00`);
    expect(decide(days)).toMatchObject({ order: "dmy", certainty: "likely" });
  });

  test("is assumed from the language when nothing tells", () => {
    expect(decide(["05/05/24, 10:00"], "en")).toMatchObject({ order: "dmy", certainty: "assumed" });
    expect(decide(["05/05/05, 10:00", "05/05/05, 09:00"], "eu")).toMatchObject({
      order: "ymd",
      certainty: "assumed",
    });
  });

  test("is found again for any log that is in order of time", () => {
    const days = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 30, maxLength: 80 });
    fc.assert(
      fc.property(days, fc.constantFrom(...DATE_ORDERS), (offsets, order) => {
        const cells = [...offsets]
          .sort((a, b) => b - a)
          .map((offset) => {
            const date = new Date(Date.UTC(2018, 0, 1 + offset));
            const two = (value: number) => String(value).padStart(2, "0");
            const parts = {
              d: two(date.getUTCDate()),
              m: two(date.getUTCMonth() + 1),
              y: two(date.getUTCFullYear() % 100),
            };
            return `${[...order].map((letter) => parts[letter as "d" | "m" | "y"]).join("/")}, 10:00`;
          });
        expect(decide(cells).order).toBe(order);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  test.each([
    ["dmy", "dmy"],
    ["DD/MM/YYYY", "dmy"],
    ["%m/%d/%y %H:%M:%S", "mdy"],
    ["yyyy-mm-dd hh:mm", "ymd"],
    ["auto", undefined],
    ["nonsense", undefined],
  ])("the param %s means %s", (format, order) => {
    expect(orderOfFormat(format)).toBe(order);
  });

  test("is shown as a pattern", () => {
    expect(describeTimeFormat("7/09/26, 21:40:58", "dmy")).toBe("D/MM/YY, hh:mm:ss");
    expect(describeTimeFormat("08/22/2024 13:43", "mdy")).toBe("MM/DD/YYYY hh:mm");
    expect(describeTimeFormat("15. März 2024, 10:22:05", "dmy")).toBe("DD. Mon YYYY, hh:mm:ss");
    expect(describeTimeFormat("2024-08-22 13:43:23", "dmy")).toBe("YYYY-MM-DD hh:mm:ss");
  });
});

describe("dates without a year", () => {
  const dates = (cells: readonly string[], options: Parameters<typeof resolve>[1] = {}) =>
    resolve(cells, { yearless: true, ...options }).map((time) => time.slice(0, 10));

  test("are reckoned back from the newest that is not in the future", () => {
    expect(
      dates(["22 Dec, 13:43", "3 Jan, 10:00", "30 Dec, 10:00", "28 Feb, 09:00", "1 Jan, 10:00"]),
    ).toEqual(["2024-12-22", "2024-01-03", "2023-12-30", "2023-02-28", "2023-01-01"]);
  });

  test("all move back until a leap day falls in a leap year", () => {
    const now = Date.UTC(2026, 10, 27) / 1000;
    expect(dates(["2 Mar, 10:00", "29 Feb, 10:00", "20 Dec, 10:00"], { now })).toEqual([
      "2024-03-02",
      "2024-02-29",
      "2023-12-20",
    ]);
  });

  test("lie within one year when the log is sorted by person", () => {
    const cells = [
      "10 Jan, 10:00",
      "20 Dec, 10:00",
      "12 Jan, 10:00",
      "18 Dec, 10:00",
      "9 Jan, 10:00",
      "19 Dec, 10:00",
    ];
    expect(dates(cells, { actors: [1, 1, 2, 2, 3, 3] })).toEqual([
      "2024-01-10",
      "2023-12-20",
      "2024-01-12",
      "2023-12-18",
      "2024-01-09",
      "2023-12-19",
    ]);
    const term = ["15 Nov, 10:00", "1 Sep, 10:00", "20 Nov, 10:00", "5 Sep, 10:00"];
    expect(dates(term, { actors: [1, 1, 2, 2] }).map((date) => date.slice(0, 4))).toEqual(
      Array(4).fill("2024"),
    );
  });

  test("lie within one year when the log is sorted by person, and two share a name, or by place", () => {
    const people = Array.from({ length: 40 }, (_, person) => person);
    const cells = people.flatMap(() => ["20 Nov, 10:00", "2 Nov, 10:00", "9 Sep, 10:00"]);
    const shared = people.flatMap((person) => [2 * person, 2 * person + 1, 2 * person]);
    for (const keys of [{ actors: shared }, { places: shared }, {}]) {
      expect(new Set(dates(cells, keys).map((date) => date.slice(0, 4)))).toEqual(new Set(["2024"]));
    }
    const few = cells.slice(0, 9);
    expect(new Set(dates(few, { places: shared }).map((date) => date.slice(0, 4)))).toEqual(
      new Set(["2024"]),
    );
    expect(new Set(dates(few).map((date) => date.slice(0, 4)))).toEqual(new Set(["2024", "2023", "2022"]));
  });

  test("lie within one year when the log is in no order", () => {
    const cells = Array.from(
      { length: 60 },
      (_, i) => `${1 + ((i * 7) % 28)} ${["Oct", "Jan", "Nov", "Dec"][i % 4]}, 10:00`,
    );
    const found = dates(cells);
    for (const [i, date] of found.entries()) expect(date.slice(0, 4)).toBe(i % 4 === 1 ? "2024" : "2023");
  });

  test("go back several years in a log of several years that is in order", () => {
    const year = ["20 Nov, 10:00", "5 Aug, 10:00", "2 May, 10:00", "10 Feb, 10:00"];
    const found = dates([...year, ...year, ...year]).map((date) => Number(date.slice(0, 4)));
    expect(found).toEqual([2024, 2023, 2022].flatMap((y) => [y, y, y, y]));
  });

  test("end in the year of the param", () => {
    expect(dates(["3 Jan, 10:00", "30 Dec, 10:00"], { year: 2011 })).toEqual(["2011-01-03", "2010-12-30"]);
    expect(dates(["29 Feb, 10:00"], { year: 2011 })).toEqual(["impossible"]);
  });

  test("work the other way round, too", () => {
    const cells = ["29 Dec, 10:00", "30 Dec, 10:00", "3 Jan, 10:00", "4 Feb, 10:00", "5 Mar, 10:00"];
    expect(resolve(cells, { yearless: true }).map((time) => time.slice(0, 4))).toEqual([
      "2023",
      "2023",
      "2024",
      "2024",
      "2024",
    ]);
  });

  test("are of last year when they would be in the future", () => {
    expect(one("26 Dec, 13:43", { yearless: true })?.slice(0, 10)).toBe("2023-12-26");
  });
});

describe("a time zone", () => {
  test("moves the instants and shows in the offset, summer and winter", () => {
    expect(one("22/08/24, 13:43", { zone: "Europe/Lisbon" })).toBe("2024-08-22T13:43:00+01:00");
    expect(one("22/12/24, 13:43", { zone: "Europe/Lisbon" })).toBe("2024-12-22T13:43:00+00:00");
    expect(one("22/08/24, 13:43", { zone: "America/Sao_Paulo" })).toBe("2024-08-22T13:43:00-03:00");
    expect(one("22/08/24, 13:43", { zone: "Asia/Kathmandu" })).toBe("2024-08-22T13:43:00+05:45");
  });

  test("takes an hour that comes twice as the first, and one that is skipped as later", () => {
    expect(one("27/10/24, 01:30", { zone: "Europe/Lisbon" })).toBe("2024-10-27T01:30:00+01:00");
    expect(one("31/03/24, 01:30", { zone: "Europe/Lisbon" })).toBe("2024-03-31T02:30:00+01:00");
  });

  test("agrees with the runtime at any moment", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_000_000_000 }),
        fc.constantFrom("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"),
        (instant, name) => {
          const shown = new Rfc3339Writer(new Zone(name), { milliseconds: true }).write(instant).toString();
          expect(Date.parse(shown)).toBe(instant * 1000);
        },
      ),
      { seed: 9, numRuns: 500 },
    );
  });

  test("is known by its name", () => {
    expect(isTimeZone("Europe/Lisbon")).toBe(true);
    expect(isTimeZone("Lisbon/Europe")).toBe(false);
  });
});
