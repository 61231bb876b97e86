import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moodleLog } from "../src/index.js";
import { isFormula } from "../src/kernel/write/csv-cell.js";
import { csvColumns } from "../src/outputs/csv-text.js";
import { type LogRun, readXes, runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";

/** A log of given rows: time, name, component, event, description, and what differs from the usual. */
function logOf(
  rows: readonly (readonly [
    time: string,
    name: string,
    component: string,
    event: string,
    description: string,
    context?: string,
  ])[],
): string {
  const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const lines = rows.map(([time, name, component, event, description, context = "Course: Algorithms"]) =>
    [time, name, "-", context, component, event, description, "web", "192.0.2.1"].map(quote).join(","),
  );
  return [HEADINGS, ...lines, ""].join("\n");
}

/** What must hold of every run: the same events everywhere, in order, in valid files. */
function expectSound(run: LogRun): void {
  const { rows: counts } = run.summary;
  const { duplicates, excluded_users, excluded_staff } = counts.dropped;
  expect(counts.read).toBe(counts.kept + counts.rejected + duplicates + excluded_users + excluded_staff);
  expect(run.rows).toHaveLength(counts.kept);
  expect(run.bloomRows).toHaveLength(counts.bloom);
  expect(run.rows.filter((row) => row["bloom_level"] !== "N/A")).toEqual(run.bloomRows);
  const times = run.rows.map((row) => Date.parse(row["timestamp"] ?? ""));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  for (const [name, rows] of [
    ["enriched_log", run.rows],
    ["enriched_log_bloom_only", run.bloomRows],
  ] as const) {
    const { traces } = readXes(run.artifacts.get(`${name}.xes`)?.toString("utf8") ?? "");
    expect(traces.reduce((sum, { events }) => sum + events.length, 0)).toBe(rows.length);
    expect(new Set(traces.map((trace) => trace.name)).size).toBe(traces.length);
    expect(traces.map((trace) => trace.name).sort()).toEqual(
      [...new Set(rows.map((row) => row["case_id"] ?? ""))].map(unprotected).sort(),
    );
    for (const { name: caseId, events } of traces) {
      const own = rows.filter((row) => unprotected(row["case_id"] ?? "") === caseId);
      expect(events.map((event) => Date.parse(event["time:timestamp"] ?? ""))).toEqual(
        own.map((row) => Date.parse(row["timestamp"] ?? "")),
      );
      expect(events.map((event) => event["moodle:activity"] ?? event["concept:name"])).toEqual(
        own.map((row) => row["activity"]),
      );
      expect(events.map((event) => event["bloom:level"])).toEqual(own.map((row) => row["bloom_level"]));
    }
  }
}

const unprotected = (cell: string) =>
  cell.startsWith("'") && isFormula(Buffer.from(cell), 1, cell.length) ? cell.slice(1) : cell;

describe("a run", () => {
  test("gives all outputs, none of them first, and the same events in each", async () => {
    const run = await runLog(syntheticLog({ rows: 2000, tricky: true, site: true }));
    expect([...run.artifacts.keys()].sort()).toEqual([
      "activities.csv",
      "dfg.csv",
      "enriched_log.csv",
      "enriched_log.xes",
      "enriched_log_bloom_only.csv",
      "enriched_log_bloom_only.xes",
      "report.html",
      "students.csv",
      "summary.json",
    ]);
    expect(run.primary).toBeUndefined();
    expect(Object.keys(run.rows[0] ?? {})).toEqual(csvColumns({ names: true, groups: false }));
    expect(run.summary.rows.bloom).toBeLessThan(run.summary.rows.kept);
    expectSound(run);
  });

  test("says the truth about progress: stages in order, never back, to the end", async () => {
    const { progress } = await runLog(syntheticLog({ rows: 20_000 }));
    const stages = [...new Set(progress.map(({ stage }) => stage))];
    expect(stages).toEqual(["detect", "load", "classify", "export_csv", "export_xes", "report"]);
    const percents = progress.map(({ percent }) => percent);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
  });

  test("gives the same bytes for the same log, however the text is stored", async () => {
    const options = { rows: 500, tricky: true } as const;
    const plain = await runLog(syntheticLog(options));
    const csv = (run: LogRun) => run.rows.map(({ source_line: _, ...row }) => row);
    for (const other of [
      syntheticLog({ ...options, bom: true }),
      syntheticLog({ ...options, delimiter: ";", lineEnd: "\r\n" }),
      syntheticLog({ ...options, delimiter: "\t" }),
      syntheticLog({ ...options, indexColumn: true }),
      Buffer.from(`\ufeff${syntheticLog(options)}`, "utf16le"),
      Buffer.from(syntheticLog(options), "utf16le"),
      Buffer.from(`\ufeff${syntheticLog(options)}`, "utf16le").swap16(),
    ]) {
      const run = await runLog(other);
      expect(csv(run)).toEqual(csv(plain));
      expectSound(run);
    }
  });

  test("keeps the result small, however long its lists are", async () => {
    const rows = Array.from(
      { length: 3000 },
      (_, i) => ["22/08/24, 10:00", `User ${i}`, `Plugin ${i}`, `Thing ${i} ${"x".repeat(300)}`, ""] as const,
    );
    const run = await runLog(logOf(rows));
    expect(run.summary.unknown_pairs).toHaveLength(3000);
    expect(JSON.stringify(run.result).length).toBeLessThan(20_000);
    expect(run.summary.warnings.join()).toContain("known to no rule");
  });

  test("one windows-1252 byte after megabytes makes the whole file windows-1252", async () => {
    const text = Buffer.from(syntheticLog({ rows: 300 }).replaceAll(/[^\x20-\x7e\n]/g, "x"));
    const last = Buffer.concat([
      text,
      Buffer.from('"1/08/24, 00:00:00",Ren'),
      Buffer.from([0xe9, 0x85]),
      Buffer.from(",-,Other,System,Course viewed,,web,192.0.2.1\n"),
    ]);
    const run = await runLog(last);
    expect(run.summary.detected.encoding).toBe("windows-1252");
    expect(run.rows[0]?.["actor"]).toBe("René…");
    const marked = await runLog(Buffer.concat([Buffer.from("\ufeff"), last]));
    expect(marked.summary.detected).toMatchObject({ encoding: "windows-1252", language: "en" });
    expect(marked.rows).toEqual(run.rows);
  });

  test("removes exact duplicates only when asked, and counts them", async () => {
    const row = [
      "22/08/24, 10:00:00",
      "Ana",
      "System",
      "Course viewed",
      "The user with id '5' viewed the course with id '2'.",
    ] as const;
    const other = [
      "22/08/24, 10:00:00",
      "Ana",
      "System",
      "Course viewed",
      "The user with id '6' viewed the course with id '2'.",
    ] as const;
    const text = logOf([row, other, row, row]);
    expect((await runLog(text)).summary.rows).toMatchObject({ kept: 4, dropped: { duplicates: 0 } });
    const run = await runLog(text, { drop_duplicates: true });
    expect(run.summary.rows).toMatchObject({ read: 4, kept: 2, dropped: { duplicates: 2 } });
    expectSound(run);
  });

  test("keeps the order of the file within one second", async () => {
    const at = (n: number) => ["22/08/24, 10:00:00", "Ana", "System", `Event ${n}`, ""] as const;
    const { rows } = await runLog(
      logOf([["22/08/24, 10:00:01", "Ana", "System", "Event 4", ""], at(3), at(2), at(1)]),
    );
    expect(rows.map((row) => row["event_name"])).toEqual(["Event 1", "Event 2", "Event 3", "Event 4"]);
  });

  test("sorts a log that is in no order, and finds each row's cells again", async () => {
    const [heading = "", ...lines] = syntheticLog({ rows: 3000 }).trimEnd().split("\n");
    const shuffled = lines
      .map((line, i) => [(i * 7919) % lines.length, line] as const)
      .sort((a, b) => a[0] - b[0]);
    const run = await runLog([heading, ...shuffled.map(([, line]) => line), ""].join("\n"));
    const plain = await runLog([heading, ...lines, ""].join("\n"));
    const texts = (of: LogRun) => of.rows.map((row) => `${row["timestamp"]}${row["description"]}`).sort();
    expect(texts(run)).toEqual(texts(plain));
    expectSound(run);
  });

  test("stops at once when it is cancelled", async () => {
    const { runProcessor } = await import("@drover/processor-sdk/testing");
    const controller = new AbortController();
    const running = runProcessor(moodleLog, {
      input: syntheticLog({ rows: 20_000 }),
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(new Error("cancelled by the test")));
    await expect(running).rejects.toThrow("cancelled by the test");
  });

  test("writes instants with the offset of the time zone", async () => {
    const row = ["22/08/24, 13:43:23", "Ana", "System", "Course viewed", ""] as const;
    const run = await runLog(logOf([row]), { timezone: "America/Sao_Paulo" });
    expect(run.rows[0]?.["timestamp"]).toBe("2024-08-22T13:43:23-03:00");
    expect(run.artifacts.get("enriched_log.xes")?.toString()).toContain(
      'value="2024-08-22T13:43:23.000-03:00"',
    );
    expect(run.summary.detected.timezone).toEqual({ name: "America/Sao_Paulo", assumed: false });
  });

  test("obeys the date_format param against the column", async () => {
    const row = ["05/08/24, 13:43:23", "Ana", "System", "Course viewed", ""] as const;
    const run = await runLog(logOf([row]), { date_format: "MM/DD/YY" });
    expect(run.rows[0]?.["timestamp"]).toBe("2024-05-08T13:43:23+00:00");
    expect(run.summary.detected.date_format).toMatchObject({ order: "mdy", certainty: "given" });
  });

  test("puts an apostrophe before formulas unless told not to, and leaves a lone minus alone", async () => {
    const rows = ["=1+1", "+55 11", "-x", "@home", "\tx", "-", "a=b"].map(
      (context) => ["22/08/24, 10:00:00", "-", "System", "Course viewed", "", context] as const,
    );
    const contexts = async (params: object) =>
      (await runLog(logOf(rows), params)).rows.map((row) => row["event_context"]).reverse();
    expect(await contexts({})).toEqual(["'=1+1", "'+55 11", "'-x", "'@home", "'\tx", "-", "a=b"]);
    expect(await contexts({ neutralize_formulas: false })).toEqual([
      "=1+1",
      "+55 11",
      "-x",
      "@home",
      "\tx",
      "-",
      "a=b",
    ]);
  });

  test("protects a formula in a person's name, in every column where it shows", async () => {
    const run = await runLog(
      logOf([["22/08/24, 10:00:00", '=HYPERLINK("x")', "System", "Course viewed", ""]]),
    );
    expect(run.rows[0]).toMatchObject({ case_id: `'=HYPERLINK("x")`, actor: `'=HYPERLINK("x")` });
    expectSound(run);
  });

  test("drops characters that XML forbids, counts them, and escapes the rest", async () => {
    const context = 'File: a\u0001b\u0002 <"&> \u{1f393}\nx';
    const run = await runLog(
      logOf([["22/08/24, 10:00:00", "Ana", "File", "Course module viewed", "", context]]),
    );
    const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString() ?? "");
    expect(traces[0]?.events[0]?.["moodle:context"]).toBe('File: ab <"&> \u{1f393}\nx');
    expect(run.summary.dropped_xml_characters).toBe(2);
    expect(run.rows[0]?.["event_context"]).toBe(context);
  });

  test.each([
    ["activity", "Study_P"],
    ["event_name", "Course module viewed"],
    ["component_event", "File: Course module viewed"],
  ])("names events by activity_key %s", async (activity_key, expected) => {
    const run = await runLog(logOf([["22/08/24, 10:00:00", "Ana", "File", "Course module viewed", ""]]), {
      activity_key,
    });
    expect(
      readXes(run.artifacts.get("enriched_log.xes")?.toString() ?? "").traces[0]?.events[0]?.["concept:name"],
    ).toBe(expected);
  });

  test("is sound for any small log, damaged anywhere", async () => {
    const text = syntheticLog({ rows: 12, tricky: true });
    const bytes = Buffer.from(text);
    const damage = fc.array(
      fc.tuple(
        fc.integer({ min: HEADINGS.length, max: bytes.length - 1 }),
        fc.constantFrom(34, 44, 10, 13, 0xe9, 39, 97),
      ),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(damage, fc.integer({ min: 0, max: bytes.length }), async (changes, length) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of changes) damaged[at] = byte;
        const cut = damaged.subarray(0, Math.max(length, 1));
        const run = await runLog(cut, { max_rejected_percent: 100 }).catch((error: unknown) => error);
        if (run instanceof Error) expect(run.name).toBe("InputInvalidError");
        else expectSound(run as LogRun);
      }),
      { seed: 21, numRuns: 60 },
    );
  }, 60_000);

  test("is sound for a text cut at any byte", async () => {
    const bytes = Buffer.from(syntheticLog({ rows: 3, tricky: true, users: 3 }));
    for (let length = 1; length < bytes.length; length += 13) {
      const run = await runLog(bytes.subarray(0, length), { max_rejected_percent: 100 }).catch(
        (error: unknown) => error,
      );
      if (run instanceof Error) expect(run.name).toBe("InputInvalidError");
      else expectSound(run as LogRun);
    }
  }, 60_000);
});
