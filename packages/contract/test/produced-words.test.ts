import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FailureCode, Job, PROBLEM_STATUS, TimelineEvent } from "../src/index.js";

/** Where words can come from: what runs on the server, without the tables that list them. */
const PRODUCERS = [
  "apps/api/src",
  "apps/worker/src",
  "packages/core/src/job.ts",
  "packages/job-files/src",
  "packages/queue/src/bullmq",
  "packages/queue/src/codec.ts",
  "packages/queue/scripts",
  "packages/storage/src",
];
const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = PRODUCERS.flatMap(filesOf)
  .map((file) => readFileSync(file, "utf8"))
  .join("\n")
  .replaceAll(/^\s*\/\*[\s\S]*?\*\/|--\[\[[\s\S]*?\]\]|^\s*\/\/.*$/gm, "") // comments
  .replaceAll(/[!=]==? ?"\w+"|case "\w+":/g, ""); // to look for a word is not to say it

function filesOf(place: string): string[] {
  if (place.endsWith(".ts")) return [root + place];
  return readdirSync(root + place, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|lua)$/.test(name))
    .map((name) => `${root}${place}/${name}`);
}

const reasons = Job.shape.waiting.unwrap().shape.reason.options;

/** The words that no producer says. */
function unsaid(words: readonly string[], isSaid: (word: string) => boolean): readonly string[] {
  return words.filter((word) => !isSaid(word));
}

const isQuoted = (word: string) => source.includes(`"${word}"`);

describe("is produced by something that runs", () => {
  it("every problem code", () => {
    expect(unsaid(Object.keys(PROBLEM_STATUS), isQuoted)).toEqual([]);
  });
  it("every failure code", () => {
    expect(unsaid(FailureCode.options, isQuoted)).toEqual([]);
  });
  it("every waiting reason", () => {
    expect(unsaid(reasons, isQuoted)).toEqual([]);
  });
  it("every event type", () => {
    const isSaid = (type: string) => new RegExp(`"?type"?: ?"${type}"`).test(source);
    expect(unsaid(TimelineEvent.shape.type.options, isSaid)).toEqual([]);
  });
});
