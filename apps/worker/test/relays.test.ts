import type { LogLine, Progress } from "@drover/core";
import { waitFor } from "@drover/testkit";
import { describe, expect, test } from "vitest";
import { LogRelay } from "../src/attempts/attempt-reports.js";
import { clientText, cutPaths, hideFolders } from "../src/attempts/client-text.js";
import { ProgressRelay } from "../src/attempts/progress-relay.js";

const at = (percent: number, stage: string | null = null): Progress => ({ percent, stage, message: null });

describe("the progress relay", () => {
  test("sends the first at once, then the newest after the interval", async () => {
    const sent: Progress[] = [];
    const relay = new ProgressRelay({
      intervalMs: 30,
      send(progress) {
        sent.push(progress);
        return undefined;
      },
    });
    for (const percent of [1, 2, 3, 4]) relay.push(at(percent));
    expect(sent).toEqual([at(1)]);
    await waitFor(() => sent.length === 2, { what: "the newest was sent" });
    expect(sent).toEqual([at(1), at(4)]);
  });

  test("sends each change of stage, in order, also while an update is on its way", async () => {
    const sent: Progress[] = [];
    let release = () => {};
    const relay = new ProgressRelay({
      intervalMs: 60_000,
      send(progress) {
        sent.push(progress);
        return sent.length > 1 ? undefined : new Promise((resolve) => (release = resolve));
      },
    });
    relay.push(at(1, "a"));
    relay.push(at(2, "b"));
    relay.push(at(3, "b"));
    relay.push(at(4, "c"));
    expect(sent).toEqual([at(1, "a")]);
    release();
    await relay.flush();
    expect(sent).toEqual([at(1, "a"), at(3, "b"), at(4, "c")]);
  });

  test("passes on bounded single lines without paths and control characters, whatever size they had", () => {
    const sent: Progress[] = [];
    const send = (progress: Progress) => void sent.push(progress);
    const relay = new ProgressRelay({ intervalMs: 60_000, send });
    relay.push({ percent: 1, stage: "s".repeat(1 << 20), message: "m".repeat(1 << 20) });
    relay.push({ percent: 2, stage: "a\u001b[31m\nb", message: "reading /var/lib/secret/place/rows.csv" });
    relay.push({ percent: 3, stage: 7 as unknown as string, message: {} as unknown as string });
    expect(sent).toEqual([
      { percent: 1, stage: "s".repeat(100), message: "m".repeat(500) },
      { percent: 2, stage: "a [31m b", message: "reading rows.csv" },
      { percent: 3, stage: null, message: null },
    ]);
  });

  test("stays bounded whatever the processor does", async () => {
    const sent: Progress[] = [];
    const relay = new ProgressRelay({
      intervalMs: 60_000,
      send(progress) {
        sent.push(progress);
        return undefined;
      },
    });
    for (let i = 0; i < 10_000; i++) relay.push(at(i / 100, `stage ${i}`));
    await relay.flush();
    expect(sent.length).toBeLessThanOrEqual(102);
    expect(sent.at(-1)).toEqual(at(99.99, "stage 9999"));
  });
});

describe("the log relay", () => {
  test("sends lines together and in order, and flush waits for all of them", async () => {
    const batches: (readonly LogLine[])[] = [];
    const relay = new LogRelay({
      attempt: 2,
      now: () => 7,
      send: async (lines) => {
        batches.push(lines);
      },
    });
    for (let i = 0; i < 120; i++) relay.push("info", `line ${i}`);
    await relay.flush();
    expect(batches.map((lines) => lines.length)).toEqual([50, 50, 20]);
    expect(batches.flat().map(({ message }) => message)).toEqual(
      Array.from({ length: 120 }, (_, i) => `line ${i}`),
    );
    expect(batches[0]?.[0]).toEqual({ attempt: 2, level: "info", message: "line 0", at: 7 });
  });
});

describe("texts for clients", () => {
  test.each([
    ["open '/srv/drover/data/in.csv' failed", "open 'in.csv' failed"],
    ["see file:///srv/app/dist/index.js:3:4", "see index.js:3:4"],
    ["https://example.org/a/b stays", "https://example.org/a/b stays"],
    ["3/4/5 and a/b/c stay", "3/4/5 and a/b/c stay"],
    ["bad\n    at run (/srv/app/x.js:1:2)\n    at next", "bad"],
  ])("%j reads %j", (text, shown) => {
    expect(clientText(text)).toBe(shown);
  });

  test("an author's own message loses only Drover's folders", () => {
    expect(hideFolders("/d/attempts/1/in.csv: /mod/quiz", ["/d/attempts/1"])).toBe("in.csv: /mod/quiz");
    expect(cutPaths("(/a/b.js)")).toBe("(b.js)");
  });
});
