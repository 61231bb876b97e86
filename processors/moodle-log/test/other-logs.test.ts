import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { csvColumns } from "../src/outputs/csv-text.js";
import { runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

/** A file's bytes in memory of their own, as its readers want them. */
function bufferOf(bytes: Buffer | undefined): ArrayBuffer {
  return Uint8Array.from(bytes ?? []).buffer;
}

describe("enriched_log.parquet", () => {
  test("is there when asked for, and reads back as the CSV, cell by cell", async () => {
    const log = syntheticLog({ rows: 300, tricky: true, site: true });
    expect((await runLog(log)).artifacts.has("enriched_log.parquet")).toBe(false);
    const params = {
      parquet: true,
      neutralize_formulas: false,
      group_events: true,
      timezone: "Europe/Lisbon",
    };
    const run = await runLog(log, params);
    const file = bufferOf(run.artifacts.get("enriched_log.parquet"));
    const rows = await parquetReadObjects({ file });
    expect(Object.keys(rows[0] ?? {})).toEqual([...csvColumns({ names: true, groups: true })]);
    const asText = (value: unknown) => (value === null || value === undefined ? "" : String(value));
    const texts = rows.map((row) => ({
      ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value)])),
      timestamp: (row["timestamp"] as Date).getTime(),
    }));
    expect(texts).toEqual(run.rows.map((row) => ({ ...row, timestamp: Date.parse(row["timestamp"] ?? "") })));
    expect(run.progress.map(({ stage }) => stage)).toContain("export_parquet");
    expect(run.progress.at(-1)?.percent).toBe(100);
  });

  test("is written a row group after the other, so that a large log takes no more memory", async () => {
    const run = await runLog(syntheticLog({ rows: 5_500 }), { parquet: true });
    const metadata = parquetMetadata(bufferOf(run.artifacts.get("enriched_log.parquet")));
    expect(metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([5_000, 500]);
  });

  test("of a log of which nothing is left has columns and no rows", async () => {
    const log = `Time,User full name,Event context,Component,Event name,Description\n2024-08-22 10:00,Ana,Other,System,X,\n`;
    const run = await runLog(log, { parquet: true, ocel: true, exclude_users: ["Ana"] });
    const metadata = parquetMetadata(bufferOf(run.artifacts.get("enriched_log.parquet")));
    expect(Number(metadata.num_rows)).toBe(0);
    expect(metadata.schema).toHaveLength(1 + csvColumns({ names: true, groups: false }).length);
    expect(JSON.parse(run.artifacts.get("ocel.json")?.toString("utf8") ?? "")).toMatchObject({ events: [] });
  });
});

interface Typed {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
}
interface Thing {
  readonly id: string;
  readonly type: string;
  readonly time?: string;
  readonly attributes: readonly { readonly name: string; readonly value: unknown; readonly time?: string }[];
  readonly relationships: readonly { readonly objectId: string; readonly qualifier: string }[];
}
interface Ocel {
  readonly objectTypes: readonly Typed[];
  readonly eventTypes: readonly Typed[];
  readonly objects: readonly Thing[];
  readonly events: readonly Thing[];
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const MEMBERS = {
  type: ["attributes", "name"],
  object: ["attributes", "id", "relationships", "type"],
  event: ["attributes", "id", "relationships", "time", "type"],
};

/** What the JSON schema of OCEL 2.0 asks for, and that every id and type that is named is there. */
function expectOcel(log: Ocel): void {
  expect(Object.keys(log).sort()).toEqual(["eventTypes", "events", "objectTypes", "objects"]);
  const ids = new Set(log.objects.map(({ id }) => id));
  expect(ids.size).toBe(log.objects.length);
  expect(new Set(log.events.map(({ id }) => id)).size).toBe(log.events.length);
  const check = (types: readonly Typed[], things: readonly Thing[], what: "object" | "event") => {
    const known = new Map(types.map(({ name, attributes }) => [name, attributes.map((a) => a.name)]));
    expect(known.size).toBe(types.length);
    for (const type of types) {
      expect(Object.keys(type).sort()).toEqual(MEMBERS.type);
      for (const { type: kind } of type.attributes)
        expect(["string", "time", "integer", "float", "boolean"]).toContain(kind);
    }
    for (const thing of things) {
      expect(Object.keys(thing).sort()).toEqual(MEMBERS[what]);
      expect(known.has(thing.type)).toBe(true);
      if (what === "event") expect(thing.time).toMatch(RFC3339);
      for (const attribute of thing.attributes) {
        expect(known.get(thing.type)).toContain(attribute.name);
        expect(typeof attribute.value).toBe("string");
        if (what === "object") expect(attribute.time).toMatch(RFC3339);
      }
      for (const { objectId, qualifier } of thing.relationships) {
        expect(qualifier).not.toBe("");
        expect(ids.has(objectId)).toBe(true);
      }
    }
  };
  check(log.objectTypes, log.objects, "object");
  check(log.eventTypes, log.events, "event");
}

async function ocelOf(log: string, params: object): Promise<Ocel> {
  const run = await runLog(log, { ocel: true, ...params });
  return JSON.parse(run.artifacts.get("ocel.json")?.toString("utf8") ?? "");
}

describe("ocel.json", () => {
  test.each([{}, { activity_key: "event_name" }, { pseudonymize: "without_key" }])(
    "keeps the rules of OCEL 2.0 with %o",
    async (params) => {
      const log = await ocelOf(syntheticLog({ rows: 200, tricky: true, site: true }), params);
      expectOcel(log);
      expect(log.events).toHaveLength(200);
      expect(new Set(log.objects.map(({ type }) => type)).size).toBeGreaterThanOrEqual(4);
    },
  );

  test("relates an event to who did it, the attempt, the module and the course", async () => {
    const row = (second: number, name: string, description: string) =>
      `"22/08/24, 10:00:0${second}",${name},-,Quiz: Midterm,Quiz,X,"${description}",web,192.0.2.1`;
    const log = await ocelOf(
      [
        "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address",
        row(
          3,
          "Eva",
          "The user with id '7' has reviewed quiz attempt with id '17' by user with id '5' for the quiz with course module id '9'.",
        ),
        row(
          2,
          "Ana",
          "The user with id '5' has submitted the attempt with id '17' for the quiz with course module id '9'.",
        ),
        row(
          1,
          "Ana",
          "The user with id '5' has started the attempt with id '17' for the quiz with course module id '9'.",
        ),
        "\"22/08/24, 10:00:00\",Ana,-,Course: Logic,System,Course viewed,\"The user with id '5' viewed the course with id '2'.\",web,192.0.2.1",
        "",
      ].join("\n"),
      {},
    );
    expectOcel(log);
    expect(
      log.events.map(({ type, relationships }) => [
        type,
        ...relationships.map((r) => `${r.qualifier} ${r.objectId}`),
      ]),
    ).toEqual([
      ["View", "actor person:user-5", "course course:Logic"],
      [
        "Assess_A",
        "actor person:user-5",
        "attempt attempt:quiz-17",
        "module module:9",
        "course course:Logic",
      ],
      [
        "Assess_A",
        "actor person:user-5",
        "attempt attempt:quiz-17",
        "module module:9",
        "course course:Logic",
      ],
      ["Teach", "actor person:user-7", "attempt attempt:quiz-17", "module module:9", "course course:Logic"],
    ]);
    const attempt = log.objects.find(({ type }) => type === "attempt");
    expect(attempt?.relationships).toEqual([
      { objectId: "person:user-5", qualifier: "student" },
      { objectId: "module:9", qualifier: "module" },
    ]);
    expect(log.objects.map(({ id, type }) => `${type} ${id}`).sort()).toEqual([
      "attempt attempt:quiz-17",
      "course course:Logic",
      "module module:9",
      "staff person:user-7",
      "student person:user-5",
    ]);
  });
});
