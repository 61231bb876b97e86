import { expect, test } from "vitest";
import { createProgress } from "../src/show.js";
import { jobOf, Screen } from "./fixtures.js";

function show(isTTY: boolean, ...readings: readonly Parameters<typeof jobOf>[0][]): string {
  const screen = new Screen({ isTTY });
  const progress = createProgress(screen as unknown as NodeJS.WriteStream);
  for (const reading of readings) progress.update(jobOf(reading));
  progress.end();
  return screen.text;
}

test("on a terminal one line is drawn over and over, never wider than the terminal, and ended", () => {
  const text = show(
    true,
    {
      status: "running",
      progress: 50,
      stage: "classify",
      message: "Classified 420,000 of 1,000,000 events, and on",
    },
    { status: "completed", progress: 100 },
  );
  const drawn = text.split("\r\u001b[K").slice(1);
  expect(drawn).toHaveLength(2);
  expect(drawn[0]).toMatch(/^█{12}░{12} {2}50\.0 % {2}classify: Classi/);
  expect(drawn[0]?.length).toBe(59);
  expect(drawn[1]).toBe(`${"█".repeat(24)} 100.0 %  completed\n`);
});

test("elsewhere a line tells each change of status or stage and every 10 percent, and nothing twice", () => {
  const running = { status: "running", stage: "read" } as const;
  const readings = [3, 4, 9, 12, 13, 25].map((progress) => ({ ...running, progress }));
  const text = show(false, { status: "queued" }, ...readings, { ...running, stage: "write", progress: 26 });
  expect(text.split("\n").map((line) => line.trim())).toEqual([
    "0.0 %  queued",
    "3.0 %  read",
    "12.0 %  read",
    "25.0 %  read",
    "26.0 %  write",
    "",
  ]);
});

test("a queued job tells why it waits, a repeated one which attempt runs", () => {
  const waiting = { reason: "no_worker_for_processor", position: 1, until: null } as const;
  expect(show(false, { waiting })).toContain("queued: no worker serves this processor now");
  expect(show(false, { status: "running", attempt: 2 })).toContain("running (attempt 2 of 3)");
});
