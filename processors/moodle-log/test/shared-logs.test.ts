import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LANGUAGES, NAMES } from "../src/reading/headings.js";
import { type LogRun, readXes, runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

const run = promisify(execFile);

/** Material that lies beside the project where it is developed, and is not part of it. */
const SHARED = new URL("../../../../shared/", import.meta.url).pathname;
const REAL = join(SHARED, "data/moodle");
const GENERATOR = join(SHARED, "tools/gen_moodle_csv.py");
const SCHEMA = join(SHARED, "data/xes/xes-ieee-1849-2016.ns.xsd");

/** Why tests are skipped, for their titles; empty when they run. */
const noReal = absent(REAL);
const noGenerator = absent(GENERATOR) || missing("python3");
const noValidator = absent(SCHEMA) || missing("xmllint");

function absent(path: string): string {
  return existsSync(path) ? "" : ` (skipped: ${basename(path)} of the development material is not there)`;
}

function missing(command: string): string {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return "";
  } catch {
    return ` (skipped: ${command} is not installed)`;
  }
}

/** Rows of a generated log: every kind of cell comes up in as many. */
const ROWS = 400;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodle-log-shared-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function expectValidXes(log: LogRun): Promise<void> {
  const paths: string[] = [];
  for (const name of ["enriched_log.xes", "enriched_log_bloom_only.xes"]) {
    const content = log.artifacts.get(name) ?? Buffer.alloc(0);
    readXes(content.toString("utf8"));
    paths.push(join(folder, name));
    await writeFile(join(folder, name), content);
  }
  // It ends badly when any of its files is not valid.
  if (noValidator === "") await run("xmllint", ["--noout", "--huge", "--schema", SCHEMA, ...paths]);
}

/**
 * Each output row must hold the cells of its line in the input, changed only by the apostrophe before a
 * formula.
 */
function expectNoCorruptRow(
  log: LogRun,
  cellsByLine: ReadonlyMap<number, readonly string[]>,
  firstCell: number,
): void {
  const columns = [
    "affected_user",
    "event_context",
    "component",
    "event_name",
    "description",
    "origin",
    "ip_address",
  ];
  for (const row of log.rows) {
    const cells = cellsByLine.get(Number(row["source_line"]));
    const expected = cells?.slice(firstCell, firstCell + columns.length);
    const protectedCells = expected?.map((cell) =>
      /^[=+@\t\r-]/.test(cell) && cell !== "-" ? `'${cell}` : cell,
    );
    expect(columns.map((column) => row[column])).toEqual(protectedCells);
  }
}

/** Cells by line, read by Python's csv module. */
async function readByPython(
  path: string,
  encoding: string,
  delimiter: string,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const script = `
import csv, json, sys
f = open(sys.argv[1], encoding=sys.argv[2], newline="")
r = csv.reader(f, delimiter=sys.argv[3])
line = 1
for row in r:
    print(json.dumps([line, row]))
    line = r.line_num + 1
`;
  const { stdout } = await run("python3", ["-c", script, path, encoding, delimiter], { maxBuffer: 1 << 28 });
  return new Map(
    stdout
      .trimEnd()
      .split("\n")
      .map((json) => JSON.parse(json)),
  );
}

describe.skipIf(noReal !== "")(`real exports${noReal}`, () => {
  const runs = new Map<string, Promise<LogRun>>();
  /** The run of one file, which its tests share. */
  const runReal = (name: string): Promise<LogRun> => {
    const known = runs.get(name) ?? runLog({ path: join(REAL, name) });
    runs.set(name, known);
    return known;
  };
  const files = noReal === "" ? readdirSync(REAL).filter((name) => name.endsWith(".csv")) : ["each"];

  test.each(files)("%s is accepted whole, but for dates that do not exist", async (name) => {
    const log = await runReal(name);
    const { rows, detected } = log.summary;
    expect(rows.read).toBeGreaterThan(600);
    const rejected =
      log.artifacts.get("rejected_rows.csv")?.toString("utf8").trimEnd().split("\r\n").slice(1) ?? [];
    for (const line of rejected) expect(line).toMatch(/^\d+,a date that does not exist,"""29\/02\/18, /);
    expect(rows.kept).toBe(rows.read - rejected.length);
    expect(detected).toMatchObject({ language: "en", date_format: { order: "dmy", certainty: "certain" } });
    expect(log.summary.others_percent).toBeLessThanOrEqual(5);
    const ids = new Set(
      log.rows
        .map((row) => /\b[Uu]ser with id '(\d+)'/.exec(row["description"] ?? "")?.[1])
        .filter((id) => id !== undefined),
    );
    expect(log.summary.users).toBe(ids.size);
    await expectValidXes(log);
  });

  test.skipIf(noGenerator !== "").each(files)(`%s has no corrupt row${noGenerator}`, async (name) => {
    const path = join(REAL, name);
    const log = await runReal(name);
    const encoding = log.summary.detected.encoding === "windows-1252" ? "cp1252" : "utf-8";
    expectNoCorruptRow(log, await readByPython(path, encoding, ","), 2);
  });

  test("the one with a byte of windows-1252 is read as that", async () => {
    const log = await runReal("Moodle_Module_1_F19.csv");
    expect(log.summary.detected.encoding).toBe("windows-1252");
  });
});

describe.skipIf(noReal !== "")(`the names beside the project${noReal}`, () => {
  test("are the ones that the processor knows", async () => {
    const names = JSON.parse(await readFile(join(REAL, "names.json"), "utf8"));
    expect(NAMES.headings).toEqual(names.headings);
    expect(NAMES.components).toEqual(names.components);
    expect(NAMES.events).toEqual(names.events);
  });
});

describe.skipIf(noGenerator !== "")(`exports from the other generator${noGenerator}`, () => {
  test.each([
    [["--lang", "en"], "utf-8", ","],
    [["--lang", "pt", "--tricky", "--site"], "utf-8", ","],
    [["--bom", "--time", "short"], "utf-8-sig", ","],
    [["--site", "--time", "accurate"], "utf-8", ","],
    [["--time", "us12", "--delim", ";", "--tricky"], "utf-8", ";"],
    [["--time", "iso", "--delim", "\t", "--tricky"], "utf-8", "\t"],
    [["--encoding", "latin-1", "--tricky"], "cp1252", ","],
    [["--encoding", "utf-16", "--tricky"], "utf-16", ","],
  ])("%j are read whole and right", async (options, encoding, delimiter) => {
    const path = join(folder, "log.csv");
    await run("python3", [GENERATOR, String(ROWS), path, ...options]);
    const log = await runLog({ path });
    expect(log.summary.rows).toMatchObject({ read: ROWS, kept: ROWS, rejected: 0 });
    expect(log.summary.others_percent).toBeLessThanOrEqual(5);
    expectNoCorruptRow(
      log,
      await readByPython(path, encoding, delimiter),
      options.includes("--site") ? 3 : 2,
    );
    expect(log.rows.at(-1)?.["timestamp"]).toMatch(/^2024-11-30T2/);
    expect(log.rows[0]?.["timestamp"]).toMatch(/^2024-0[78]-/);
    if (options.includes("--tricky")) await expectValidXes(log); // the cells of the others are simple
  });

  test("with broken times lose just those rows, each listed", async () => {
    const path = join(folder, "log.csv");
    await run("python3", [GENERATOR, String(ROWS), path, "--bad", "0.05"]);
    const cells = await readByPython(path, "utf-8", ",");
    const broken = [...cells].filter(
      ([line, [time = ""]]) => line > 1 && !/^\d+\/\d\d\/\d\d, /.test(time.replace("31/02/24", "")),
    );
    const log = await runLog({ path });
    expect(log.summary.rows).toMatchObject({
      read: ROWS,
      rejected: broken.length,
      kept: ROWS - broken.length,
    });
    const listed = log.artifacts
      .get("rejected_rows.csv")
      ?.toString()
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => Number.parseInt(line, 10));
    expect(listed).toEqual(broken.map(([line]) => line));
    expectNoCorruptRow(log, cells, 2);
    await expectValidXes(log);
  });
});

describe.skipIf(noValidator !== "")(`the XES schema${noValidator}`, () => {
  test.each(LANGUAGES)("is met by a log in %s with difficult cells", async (language) => {
    await expectValidXes(
      await runLog(syntheticLog({ rows: 100, language, tricky: true, site: true }), { case: "session" }),
    );
  });
});
