import { runProcessor } from "@drover/processor-sdk/testing";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { slotsOf } from "../src/events/description-slots.js";
import { moodleLog } from "../src/index.js";
import { KnownNames } from "../src/people/known-names.js";
import { Pseudonyms } from "../src/people/pseudonyms.js";
import { readCsv, readXes, runLog } from "./log-run.js";

const HEADINGS =
  "Time,User full name,Affected user,Event context,Component,Event name,Description,Origin,IP address";
const IP = "203.0.113.77";

type Cells = readonly [name: string, affected: string, context: string, event: string, description: string];

function logOf(...rows: readonly Cells[]): string {
  const lines = rows.map(([name, affected, context, event, description], i) =>
    [`22/08/24, 10:00:${10 + i}`, name, affected, context, "System", event, description, "web", IP]
      .map((cell) => `"${cell.replaceAll('"', '""')}"`)
      .join(","),
  );
  return [HEADINGS, ...lines, ""].join("\n");
}

/** Words and numbers that are nowhere but in the log, each where outputs could give it away. */
const CANARIES =
  /quibble|tangerine|xylophone|kumquat|nectarine|durian|90417|90418|90419|90420|77123|203\.0\.113|2001:db8|canary\.example|zacharias/i;
const COURSE = "Course: Algorithms";
const LOG = `${logOf(
  [
    "Zacharias Quibble",
    "Wilhelmina Tangerine",
    COURSE,
    "User graded",
    "The user with id '90417' updated the grade with id '77123' for the user with id '90418' for the grade item with id '3'.",
  ],
  [
    "Impostor Kumquat as Zacharias Quibble",
    "-",
    COURSE,
    "Course viewed",
    "The user with id '90417' viewed the course with id '2'.",
  ],
  ["Zacharias Quibble", "-", "User: Oluwaseun Xylophone", "User profile viewed", ""],
  ["Zacharias Quibble", "-", "Forum: Journal of QUIBBLE, Zacharias", "Course module viewed", ""],
  [
    "Wilhelmina Tangerine",
    "Zacharias Quibble",
    COURSE,
    "Nudge of Zacharias Quibble sent",
    `Nudged Zacharias Quibble (zacharias@canary.example) from ${IP} and 2001:db8::7, Impostor Kumquat looking on`,
  ],
  [
    "Wilhelmina Tangerine",
    "-",
    COURSE,
    "Login failed",
    "Login failed for the username 'zacharias' for the reason with id '77123'.",
  ],
  [
    "Wilhelmina Tangerine",
    "-",
    COURSE,
    "Thing",
    `The user with id "90420" has ${"long ".repeat(130)}Zacharias Quibble`,
  ],
  [
    "Percival Nectarine",
    "-",
    COURSE,
    "Course viewed",
    "The user with id '90419' viewed the course with id '2'.",
  ],
)}"not a time","Salome Durian",90417\n`;
const ALL_OUTPUTS = { parquet: true, ocel: true, group_events: true };
const PARAMS = { exclude_users: ["Percival Nectarine", "90419"], max_rejected_percent: 50 };
/** All that a run can write, but for the key. */
const OUTPUTS = [
  ...["enriched_log.csv", "enriched_log_bloom_only.csv", "enriched_log.xes", "enriched_log_bloom_only.xes"],
  ...["enriched_log.parquet", "ocel.json", "rejected_rows.csv", "summary.json"],
  ...["students.csv", "activities.csv", "dfg.csv", "report.html"],
];
const SALT = "a secret that is long enough";

async function textsOf(params: object) {
  const { artifacts, ...report } = await runProcessor(moodleLog, {
    input: LOG,
    params: { ...PARAMS, ...ALL_OUTPUTS, ...params },
    filename: "log-of-quibble.csv",
  });
  const texts = new Map([["the report", JSON.stringify(report)]]);
  for (const [name, bytes] of artifacts) {
    const rows = name.endsWith(".parquet")
      ? await parquetReadObjects({ file: Uint8Array.from(bytes).buffer })
      : [];
    texts.set(name, bytes.toString("utf8") + rows.map((row) => Object.values(row).join(",")).join("\n"));
  }
  return texts;
}

describe("pseudonymised outputs", () => {
  test("hold no name, id or address of the log, wherever it stood; the key alone does", async () => {
    expect(CANARIES.test([...(await textsOf({})).values()].join())).toBe(true);
    for (const pseudonymize of ["with_key", "without_key"]) {
      const texts = await textsOf({ pseudonymize, pseudonym_salt: SALT, names: true });
      expect(texts.has("pseudonym_key.csv")).toBe(pseudonymize === "with_key");
      expect([...texts.keys()]).toEqual(expect.arrayContaining(OUTPUTS));
      for (const [name, text] of texts) {
        expect([name, text.includes(SALT)]).toEqual([name, false]);
        if (name !== "pseudonym_key.csv") expect([name, CANARIES.exec(text)?.[0]]).toEqual([name, undefined]);
      }
      expect(texts.get("rejected_rows.csv")).toBe("line,reason,raw\r\n10,wrong number of cells,\r\n");
      expect(texts.get("the report")).toContain("Full names were asked for");
    }
  });

  test("keep who is who: one pseudonym a person, in all columns, and the key undoes it", async () => {
    const run = await runLog(LOG, { ...PARAMS, pseudonymize: "with_key" });
    const [, ...key] = readCsv(run.artifacts.get("pseudonym_key.csv")?.toString("utf8") ?? "");
    const pseudonym = (id: string, name: string) =>
      key.find((row) => row[1] === id && row[2] === name)?.[0] ?? `no ${id} ${name}`;
    const zacharias = pseudonym("90417", "Zacharias Quibble");
    const wilhelmina = pseudonym("90420", "Wilhelmina Tangerine");
    expect(run.rows.map((row) => [row["case_id"], row["actor"], row["affected_user"]])).toEqual([
      [zacharias, zacharias, wilhelmina],
      [zacharias, zacharias, "-"],
      [zacharias, zacharias, "-"],
      [zacharias, zacharias, "-"],
      [wilhelmina, wilhelmina, zacharias],
      [wilhelmina, wilhelmina, "-"],
      [wilhelmina, wilhelmina, "-"],
    ]);
    expect(run.rows[2]?.["event_context"]).toBe(`User: ${pseudonym("", "Oluwaseun Xylophone")}`);
    expect(run.rows[3]?.["event_context"]).toBe(`Forum: Journal of ${zacharias}`);
    expect(run.rows[0]?.["description"]).toMatch(
      new RegExp(
        `^The user with id '${zacharias}' updated the grade with id 'x[0-9a-f]{10}' for the user with id ` +
          `'${pseudonym("90418", "")}' for the grade item with id 'x[0-9a-f]{10}'\\.$`,
      ),
    );
    expect(run.rows[1]).toMatchObject({
      description: `The user with id '${zacharias}' viewed the course with id '2'.`,
      ip_address: "",
      origin: "web",
    });
    const { traces } = readXes(run.artifacts.get("enriched_log.xes")?.toString("utf8") ?? "");
    expect(traces.map(({ name }) => name).sort()).toEqual([zacharias, wilhelmina].sort());
    expect(run.summary.probable_staff).toMatchObject([{ actor: zacharias, name: "" }]);
    expect((run.summary.params as { exclude_users: string[] }).exclude_users).toEqual([
      pseudonym("90419", "Percival Nectarine"),
      pseudonym("90419", "Percival Nectarine"),
    ]);
  });

  test("differ from run to run, and are the same under one salt", async () => {
    const actorIn = async (params: object) =>
      (await runLog(LOG, { ...PARAMS, pseudonymize: "without_key", ...params })).rows[0]?.["actor"];
    expect(await actorIn({})).not.toBe(await actorIn({}));
    expect(await actorIn({ pseudonym_salt: SALT })).toBe(await actorIn({ pseudonym_salt: SALT }));
    expect(await actorIn({ pseudonym_salt: SALT })).not.toBe(await actorIn({ pseudonym_salt: `${SALT}!` }));
  });

  test("leave `system` and `unknown` as they are", async () => {
    const log = logOf(
      ["-", "-", "Other", "Course viewed", ""],
      ["-", "-", "Other", "X", "The user with id '0' did."],
    );
    const run = await runLog(log, { pseudonymize: "without_key" });
    expect(run.rows.map((row) => row["actor"])).toEqual(["unknown", "system"]);
    expect(run.rows[1]?.["description"]).toBe("The user with id '0' did.");
  });

  test.each([
    ["a first row that is no row of headings", "Ana Canary,1,2\nRui Costa,3,4\n", {}],
    [
      "a list of roles without headings",
      logOf(["Rui", "-", "x", "y", "z"]),
      { roles: "Ana Canary,Student\n" },
    ],
  ])("quote nothing of %s", async (_, text, params) => {
    const run = (pseudonymize: string) => runLog(text, { ...params, pseudonymize });
    await expect(run("off")).rejects.toThrow("Ana Canary");
    const refused = await run("without_key").catch((error: Error) => error);
    expect(refused).toMatchObject({ name: "InputInvalidError" });
    expect(String(refused)).not.toContain("Canary");
  });

  test("are refused without a word of the log in the message", async () => {
    const log = `${HEADINGS}\nSalome Durian,b\n`;
    await expect(runLog(log, {})).rejects.toThrow("Durian");
    const refused = runLog(log, { pseudonymize: "without_key" });
    await expect(refused).rejects.toThrow(/The first is line 2\.$/);
  });
});

describe("the column of full names", () => {
  test("is there by default, for the name that goes with the actor", async () => {
    const run = await runLog(LOG, PARAMS);
    expect(run.rows.map((row) => [row["actor"], row["actor_name"]]).slice(0, 2)).toEqual([
      ["user-90417", "Zacharias Quibble"],
      ["user-90417", "Zacharias Quibble"],
    ]);
    expect(Object.keys(run.rows[0] ?? {}).at(-1)).toBe("actor_name");
  });

  test("is left out on request, and of pseudonymised tables always", async () => {
    for (const params of [{ names: false }, { pseudonymize: "without_key" }]) {
      const run = await runLog(LOG, { ...PARAMS, ...params });
      expect(Object.keys(run.rows[0] ?? {})).not.toContain("actor_name");
    }
  });
});

describe("known names", () => {
  const names = new KnownNames([
    { name: "Ana", id: "1" },
    { name: "Ana Maria Conceição", id: "2" },
  ]);
  test.each([
    ["Group of ana maria CONCEICAO!", "Group of <2>!"],
    ["Conceição, Ana Maria and Ana", "<2> and <1>"],
    ["Anabela Mariana", "Anabela Mariana"],
    ["", ""],
  ])("in “%s” are found whole, the longest first", (text, expected) => {
    expect(names.replace(text, ({ id }) => `<${id}>`)).toBe(expected);
  });
});

test.each([
  ["The user with id # viewed the # activity with course module id #.", ["user", "other", "place"]],
  ["User # has submitted # for userid # in course: #", ["user", "other", "user", "place"]],
  ["Student with id # took attendance with instanceid #", ["user", "other"]],
  ["The users with the ids # were moved to section number #", ["user", "place"]],
])("the values of “%s” are told by the words in front", (wording, expected) => {
  expect(slotsOf(wording)).toEqual(expected);
});

test("a pseudonym is the start of an HMAC-SHA-256 of the id under the salt", () => {
  // printf 'id 5' | openssl dgst -sha256 -hmac 'salt'
  expect(new Pseudonyms({ salt: "salt", people: [] }).ofUser("5")).toBe("person-a113559f435484ad");
});
