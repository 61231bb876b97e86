import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { waitFor } from "@drover/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { System } from "../src/system.js";

const PAGE = readFileSync(join(import.meta.dirname, "../fixtures/existing-page.html"), "utf8");
const TEXT = "She recieved the the letter on Monday.\n";
const UNKNOWN = "12345678-1234-1234-1234-123456789abc";

/** What the page says at its end. */
interface Seen {
  readonly how: string;
  readonly shown: {
    readonly corrected: string;
    readonly lines: readonly string[];
    readonly words: number;
  } | null;
  readonly codes: number[];
  readonly waits: number[];
}

/** Runs the script of the page, which sees of this process what a browser has too, and answers as it ends. */
function page(base: string, jobId: string) {
  const codes: number[] = [];
  const watchedFetch = async (url: string) => {
    const response = await fetch(url);
    codes.push(response.status);
    return response;
  };
  const script = /<script>(.*)<\/script>/s.exec(PAGE)?.[1] ?? "";
  const context = { fetch: watchedFetch, setTimeout, base, jobId, text: TEXT };
  const seen = new Promise<Seen>((done) => {
    runInNewContext(`${script}; followJob(base, jobId, text, done)`, { ...context, done });
  });
  return { codes, seen };
}

describe("the page of the first existing client", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({
      apis: 1,
      workers: 1,
      env: { DROVER_PROCESSORS: "@drover/processor-text-review" },
    });
  });
  afterAll(() => system.stop());

  const submit = async () =>
    (await system.client().submit("text-review", new Blob([TEXT]), { filename: "letter.txt" })).job_id;

  test("polls a review to its end and shows every suggestion where it belongs", async () => {
    const { how, shown, codes } = await page(system.url(), await submit()).seen;
    expect(how).toBe("completed");
    expect(shown).toMatchObject({ corrected: "She received the letter on Monday.\n", words: 7 });
    expect(shown?.lines).toEqual([
      expect.stringMatching(/^s1 error spelling: .*received/),
      expect.stringMatching(/^s2 error repeated-word: /),
    ]);
    expect(new Set(codes)).toEqual(new Set([200]));
  });

  test("gets the members that it knows, and no others", async () => {
    const id = await submit();
    await page(system.url(), id).seen;
    const { result } = (await (await fetch(`${system.url()}/api/job-status/${id}`)).json()) as {
      result: { suggestions: object[]; summary: object };
    };
    expect(Object.keys(result)).toEqual(["suggestions", "summary"]);
    for (const suggestion of result.suggestions)
      expect(Object.keys(suggestion)).toEqual([
        ...["id", "text", "rule", "start", "end", "original", "replacement", "severity"],
      ]);
  });

  test("stops at a 404, at once", async () => {
    expect(await page(system.url(), UNKNOWN).seen).toMatchObject({ how: "unknown", codes: [404], waits: [] });
  });

  test("waits longer and longer while Redis is away, and then reads what it came for", async () => {
    const id = await submit();
    await page(system.url(), id).seen;
    await system.killRedis();
    const reading = page(system.url(), id);
    await waitFor(() => reading.codes.length >= 3, { deadlineMs: 30_000 });
    await system.restartRedis();
    const { how, codes, waits } = await reading.seen;
    expect(how).toBe("completed");
    expect([...new Set(codes)]).toEqual([503, 200]);
    expect(waits).toEqual(waits.map((_, index) => 50 * 2 ** index));
  });
});
