import { expect, test } from "vitest";
import { barOf, createProgress } from "../src/progress-view.js";
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
  expect(drawn[0]).toMatch(/^█{12}░{12} {2}50\.0 % {2}classify: Classi.*…$/);
  expect(drawn[0]?.length).toBe(59);
  expect(drawn[1]).toBe(`${"█".repeat(24)} 100.0 %  completed\n`);
});

test("a job that runs shows for how long, an ended one how long it ran", () => {
  const started_at = "2026-01-01T00:00:00.000Z";
  const now = Date.parse(started_at) + 3_723_000;
  const text = (members: Parameters<typeof jobOf>[0]) =>
    barOf(jobOf({ started_at, ...members }), now)
      .flat()
      .join("");
  expect(text({ status: "running" })).toContain("0.0 %  1:02:03  running");
  const ended = { status: "completed", progress: 100, completed_at: "2026-01-01T00:00:07.900Z" } as const;
  expect(text(ended)).toContain("100.0 %  0:07  ");
});

test("several jobs have a line each, which is drawn in its place", () => {
  const screen = new Screen({ isTTY: true });
  const ids = ["a", "b"];
  const progress = createProgress(screen as unknown as NodeJS.WriteStream, { ids });
  progress.update(jobOf({ job_id: "b", status: "running", progress: 50 }));
  progress.update(
    jobOf({ job_id: "a", status: "failed", error: { code: "timeout", message: "Slow.", retryable: true } }),
  );
  progress.end();
  const [first, second] = screen.text.replaceAll("\u001b", "^").split("^[1A"); // up by a line, to draw again
  expect(first).toMatch(/^\r\^\[Ka {2}…\n\r\^\[Kb {2}█{5}░{5} {2}50\.0 % {2}running$/);
  expect(second).toMatch(/^\r\^\[Ka {2}░{10} {3}0\.0 % {2}failed: Slow\.\n\r\^\[Kb {2}█{5}░.*\n$/);
});

test("a list shows what runs, and leaves what ended above it", () => {
  const screen = new Screen({ isTTY: true });
  const progress = createProgress(screen as unknown as NodeJS.WriteStream, { isList: true });
  progress.update(jobOf({ job_id: "a", status: "running" }));
  progress.update(jobOf({ job_id: "a", status: "completed", progress: 100 }));
  progress.end();
  const lines = screen.text.replaceAll("\u001b", "^").split("\n");
  expect(lines.at(-3)).toMatch(/\r\^\[Ja {2}checksum {2}█{10} 100\.0 % {2}completed$/);
  expect(lines.at(-2)).toMatch(/^\r\^\[K0 running, 0 waiting\./);
});

test("elsewhere a job that changes its stage all the time does not fill a log", () => {
  let now = 0;
  const screen = new Screen({ isTTY: false });
  const progress = createProgress(screen as unknown as NodeJS.WriteStream, { now: () => now });
  for (let i = 0; i < 1000; i++) {
    now += 10;
    progress.update(jobOf({ status: "running", stage: `stage ${i}` }));
  }
  progress.update(jobOf({ status: "completed", progress: 100 }));
  const lines = screen.text.trim().split("\n");
  expect(lines.length).toBeLessThan(35);
  expect(lines.at(-1)).toBe("100.0 %  completed");
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
