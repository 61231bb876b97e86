import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DELIVERY_PROBLEMS, ERRORS, FAILURE_CODES, JOB_EVENT_TYPES, WAITING_REASONS } from "@drover/core";
import { describe, expect, it } from "vitest";

/** Where words can come from: what runs on the server, without the tables that list them. */
const PRODUCERS = [
  "apps/api/src",
  "apps/worker/src",
  "packages/core/src/job.ts",
  "packages/job-files/src",
  "packages/queue/src/bullmq",
  "packages/queue/src/job-codec.ts",
  "packages/queue/scripts",
  "packages/storage/src",
];
const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = PRODUCERS.flatMap(filesOf)
  .map((file) => runningPartOf(readFileSync(file, "utf8")))
  .join("\n");

/** The text without comments, types and comparisons: to explain, list or look for a word is not to say it. */
function runningPartOf(text: string): string {
  return text
    .replaceAll(/^\s*\/\*[\s\S]*?\*\/|--\[\[[\s\S]*?\]\]|(^|\s)(\/\/|--)\s.*$/gm, "")
    .replaceAll(/^(export )?type \w+[^=]*=[\s\S]*?;$|^(export )?interface [\s\S]*?^\}$|\breadonly .*;$/gm, "")
    .replaceAll(/[!=]==? ?"\w+"|case "\w+":/g, "");
}

function filesOf(place: string): string[] {
  if (place.endsWith(".ts")) return [root + place];
  return readdirSync(root + place, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|lua)$/.test(name))
    .map((name) => `${root}${place}/${name}`);
}

/** The words that no producer says. */
function unsaid(words: readonly string[], isSaid: (word: string) => boolean): readonly string[] {
  return words.filter((word) => !isSaid(word));
}

/** How each kind of word is said, by the code that answers, records or shows it. */
const says = {
  problem: (word: string, text = source) => new RegExp(`new DomainError\\(\\s*"${word}"`).test(text),
  failure: (word: string, text = source) =>
    new RegExp(`\\bfailed\\(\\s*"${word}"|\\bcode: "${word}",\\s*message\\b`).test(text),
  reason: (word: string, text = source) =>
    new RegExp(`(\\breason:|\\bheld =|Waiting\\["reason"\\] =)[^,;]*"${word}"`).test(text),
  delivery: (word: string, text = source) =>
    new RegExp(`\\b(problem:|return) [^;"]*("\\w+" : )?"${word}"`).test(text),
  event: (word: string, text = source) => new RegExp(`(\\btype:|"type":) ?"${word}"`).test(text),
};

describe("is produced by something that runs", () => {
  it("every problem code", () => {
    expect(unsaid(Object.keys(ERRORS), says.problem)).toEqual([]);
  });
  it("every failure code", () => {
    expect(unsaid(FAILURE_CODES, says.failure)).toEqual([]);
  });
  it("every waiting reason", () => {
    expect(unsaid(WAITING_REASONS, says.reason)).toEqual([]);
  });
  it("every problem of a delivery", () => {
    expect(unsaid(DELIVERY_PROBLEMS, says.delivery)).toEqual([]);
  });
  it("every event type", () => {
    expect(unsaid(JOB_EVENT_TYPES, says.event)).toEqual([]);
  });
});

describe("is not taken for produced", () => {
  it.each([
    ["a word in a comment", '  /** Throws `new DomainError("lost")`, code: "lost", message */'],
    ["a word in a comment behind code", 'stop(); // new DomainError("lost"), failed("lost"), type: "lost"'],
    ["a word in a comment of a script", '-- RPUSH \'{"type":"lost"}\''],
    ["a word of a type", 'export type Word =\n  | { type: "lost" }\n  | { reason: "lost" };'],
    ["a word of an interface", 'interface Seen {\n  code: "lost",\n  message: string;\n}'],
    ["a member of a type", '  readonly type: "lost";'],
    ["a list", 'const ALL = ["lost", "found"];'],
    ["a comparison", 'if (error.code === "lost" && reason !== "lost") return { reason: error };'],
    ["a field of the log", 'log.info("It is gone", { code: "lost" });'],
  ])("%s", (_what, text) => {
    const running = runningPartOf(text);
    expect(Object.keys(says).filter((kind) => says[kind as keyof typeof says]("lost", running))).toEqual([]);
  });
});
