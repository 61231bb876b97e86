import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detect } from "../src/detected-format.js";
import { loadLog } from "../src/kernel/load/load-log.js";
import type { LogStore } from "../src/kernel/load/log-store.js";
import { createInlinePool, createThreadPool, type Pool } from "../src/kernel/threads/thread-pool.js";
import { runLog } from "./log-run.js";
import { syntheticLog } from "./synthetic-log.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodle-log-threads-"));
});
afterAll(() => rm(folder, { recursive: true }));

const signal = new AbortController().signal;

async function load(text: string, pool: Pool, segmentBytes: number): Promise<LogStore> {
  const path = join(folder, "log.csv");
  await writeFile(path, text);
  const found = await detect({ path, scratch: folder }, { signal, onBytes: () => {} });
  const source = {
    path,
    sizeBytes: found.sizeBytes,
    layout: found.layout,
    wantsHashes: false,
    wantsAllNames: false,
  };
  try {
    return await loadLog(pool, source, { signal, segmentBytes, onBytes: () => {} });
  } finally {
    await pool.close();
  }
}

function placeOf({ places }: LogStore, place: number) {
  const { context, course, courseId } = places.at(place);
  return {
    context: places.contextText(context),
    course: places.courseText(course),
    courseId: places.idText(courseId),
    moduleId: places.idText(places.columns.moduleIdOf[place] ?? -1),
  };
}

/** What was loaded. */
function contentOf(store: LogStore) {
  const { rows, times } = store.takeRows();
  return {
    rejected: [...store.rejected],
    kinds: store.kinds,
    actors: Array.from({ length: store.actors.count }, (_, actor) => store.actors.at(actor)),
    places: Array.from({ length: store.places.count }, (_, place) => placeOf(store, place)),
    lines: store.line,
    rows: Array.from({ length: rows.count }, (_, row) => ({
      line: rows.lines[row],
      time: times[row],
      actor: rows.actors[row],
      kind: rows.kinds[row],
      place: rows.places[row],
    })),
  };
}

/** A log whose cells look like rows inside, so that a cut in one of them is guessed wrong. */
function misleadingLog(): string {
  const [heading = "", first = ""] = syntheticLog({ rows: 1 }).split("\n");
  const inner = `${first}\n`.repeat(9).replaceAll('"', '""');
  const outer = (row: number) =>
    `"22/08/24, 10:00:${String(row % 60).padStart(2, "0")}",Ana,-,"Page: ${inner}",Page,Course module viewed,,web,192.0.2.1`;
  return [heading, ...Array.from({ length: 60 }, (_, row) => outer(row)), ""].join("\n");
}

describe("a text that is read in stretches", () => {
  test.each([97, 211, 1000, 5003])(
    "gives the same rows as one that is read at once, cut every %i bytes",
    async (segmentBytes) => {
      const text = `${syntheticLog({ rows: 300, tricky: true, bad: 0.1 })}"open,x\n${syntheticLog({ rows: 20 }).split("\n").slice(1).join("\n")}`;
      const whole = contentOf(await load(text, createInlinePool(), 1 << 20));
      expect(whole.rows.length).toBeGreaterThan(250);
      expect(contentOf(await load(text, createInlinePool(), segmentBytes))).toEqual(whole);
    },
  );

  test.each([500, 1777])("reads again what was guessed wrong, cut every %i bytes", async (segmentBytes) => {
    const text = misleadingLog();
    const whole = contentOf(await load(text, createInlinePool(), 1 << 24));
    expect(whole.rows).toHaveLength(60);
    expect(contentOf(await load(text, createInlinePool(), segmentBytes))).toEqual(whole);
  });

  test("a person of several names has the first one in the text, whichever thread is quicker", async () => {
    const [heading = ""] = syntheticLog({ rows: 1 }).split("\n");
    const row = (name: string) =>
      `"22/08/24, 10:00:00",${name},-,Course: C,System,Course viewed,"The user with id '5' viewed the course with id '7'.",web,192.0.2.1`;
    const names = Array.from({ length: 400 }, (_, i) => (i === 0 ? "-" : `Name ${String(i)}`));
    const text = [heading, ...names.map(row), ""].join("\n");
    const whole = contentOf(await load(text, createInlinePool(), 1 << 24));
    expect(whole.actors).toEqual([{ kind: "id", text: "5", name: "Name 1", label: "user-5" }]);
    expect(contentOf(await load(text, createThreadPool(3), 1_000))).toEqual(whole);
    expect(contentOf(await load(text, createThreadPool(3), 97))).toEqual(whole);
  });

  test("gives the same on three threads", async () => {
    const text = syntheticLog({ rows: 2000, tricky: true });
    const whole = contentOf(await load(text, createInlinePool(), 1 << 24));
    expect(contentOf(await load(text, createThreadPool(3), 20_000))).toEqual(whole);
  });
});

describe("a log that is large enough for threads", () => {
  test("gives the same outputs every time, and ends when it is cancelled", async () => {
    const text = syntheticLog({ rows: 40_000 });
    expect(text.length).toBeGreaterThan(6 << 20);
    const [first, second] = [await runLog(text), await runLog(text)];
    expect(first.summary.rows).toMatchObject({ read: 40_000, kept: 40_000 });
    for (const [name, content] of first.artifacts)
      expect(second.artifacts.get(name)?.equals(content)).toBe(true);
    const { runProcessor } = await import("@drover/processor-sdk/testing");
    const { moodleLog } = await import("../src/index.js");
    const controller = new AbortController();
    const running = runProcessor(moodleLog, { input: text, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("cancelled by the test")), 50);
    await expect(running).rejects.toThrow("cancelled by the test");
  }, 60_000);
});
