import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ONLY_IN_FULL, System } from "../src/system.js";
import { CHROMIUM, launchChromium, NO_CHROMIUM, watchPage } from "./browser.js";

describe.skipIf(CHROMIUM === undefined)(`the operators' pages${NO_CHROMIUM}`, () => {
  let system: System;
  let browser: Browser;
  let page: Page;
  let trouble: readonly string[];

  beforeAll(async () => {
    const processors = ["misbehave", "stamped"] as const;
    [system, browser] = await Promise.all([
      System.start({ apis: 1, workers: 1, processors }),
      launchChromium(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    trouble = await watchPage(page, new URL(system.url()).host);
  });
  afterEach(() => page.close());

  const open = (path: string) => page.goto(system.url() + path, { waitUntil: "load" });
  const file = (name: string) => new File(["a,b\n1,2\n"], name, { type: "text/csv" });
  const row = (name: string | RegExp) =>
    page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

  /** What axe finds that is serious, and whatever else the page should not have done. */
  const faults = async (): Promise<readonly string[]> => {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return [...trouble, ...serious.map(({ id }) => `axe: ${id}`)];
  };

  it("lead whoever is on call from a file's name to the reason, and to a retry of all like it", async () => {
    const client = system.client();
    const names = ["Forum export (final).csv", "Grades.csv", "Quiz.csv"];
    const jobs = await Promise.all(
      names.map((name) => client.submit("misbehave", file(name), { params: { how: "invalid", until: 1 } })),
    );
    for (const { job_id } of jobs) await client.wait(job_id);

    await open("/jobs");
    await row("Quiz.csv").waitFor();
    await page.getByRole("searchbox", { name: /^Search/ }).fill("forum export");
    await row("Quiz.csv").waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("q")).toBe("forum export");
    expect(await faults()).toEqual([]);

    await row("Forum export (final).csv").getByRole("link").click();
    await page.getByText("Row 12: this can never work.").first().waitFor();
    await page.getByText("Attempt 1", { exact: true }).waitFor();
    expect(await faults()).toEqual([]);

    await page.getByRole("link", { name: "All that failed like it" }).click();
    await page.getByRole("button", { name: "Retry all…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Retry: 3 jobs" }).click();
    await dialog.getByText("Queued again: 3 jobs").waitFor();
    expect(await faults()).toEqual([]);
    await dialog.getByRole("button", { name: "Close" }).click();
    for (const { job_id } of jobs) expect((await client.wait(job_id)).attempt).toBe(2);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await row("Grades.csv").getByText("Done").waitFor();
    expect(trouble).toEqual([]);
  });

  it("follow jobs as they come and go, find them by their error, and cancel all that match", async () => {
    await open("/jobs?processor=stamped");
    await page.getByRole("heading", { name: "Nothing is found" }).waitFor();
    const client = system.client();
    const params = { reports: 500, everyMs: 1_000 };
    const { job_id } = await client.submit("stamped", file("live.csv"), { params });
    await row("live.csv").getByText("Running").waitFor();
    await page.getByRole("button", { name: "Cancel all…" }).click();
    await page.getByRole("button", { name: "Cancel: 1 job" }).click();
    await client.wait(job_id);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await row("live.csv").getByText("Cancelled").waitFor();
    const { job_id: failed } = await client.submit("misbehave", file("bad.csv"), {
      params: { how: "invalid" },
    });
    await client.wait(failed);
    await open("/jobs?q=this+can+never");
    await row("bad.csv").getByText("input_invalid").waitFor();
    expect(trouble).toEqual([]);
  });

  it("pause a queue, bound it, and let a worker drain, which then stops", async () => {
    await open("/queues");
    await page.getByRole("button", { name: "Pause: stamped" }).click();
    await page.getByRole("button", { name: "Resume: stamped" }).waitFor();
    await page.getByRole("textbox", { name: "Most at a time: misbehave" }).fill("3");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByRole("button", { name: "Set" }).waitFor({ state: "detached" });
    const found = (await system.client().processors()).map(({ name, is_paused, concurrency }) => [
      ...[name, is_paused, concurrency],
    ]);
    expect(found).toEqual([
      ["misbehave", false, 3],
      ["stamped", true, null],
    ]);
    expect(await faults()).toEqual([]);

    await open("/overview");
    await page.getByRole("heading", { name: "Failures by code" }).waitFor();
    await page.getByText("Storage", { exact: true }).waitFor();
    expect(await faults()).toEqual([]);

    await open("/workers");
    await page.getByRole("button", { name: "Drain" }).click();
    expect(await faults()).toEqual([]);
    await page.getByRole("button", { name: "Drain now" }).click();
    await page.getByRole("heading", { name: "No worker lives" }).waitFor();
    await expect.poll(() => system.workers[0]?.isRunning, { timeout: 20_000 }).toBe(false);
    await system.startWorker();
    expect(trouble).toEqual([]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `show 10,000 jobs with the rows in view alone${ONLY_IN_FULL}`,
    async () => {
      const client = system.client();
      await client.pause("misbehave");
      const names = Array.from({ length: 10_000 }, (_, i) => `many-${i}.csv`).values();
      const submitRest = async () => {
        for (const name of names)
          await client.submit("misbehave", file(name), { params: { how: "invalid" } });
      };
      await Promise.all(Array.from({ length: 16 }, submitRest));
      await open("/jobs?processor=misbehave");
      await row("many-9999.csv").waitFor();
      const last = page.getByText(/^10,00\d jobs$/);
      while (!(await last.isVisible())) await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      expect(await page.getByRole("row").count()).toBeLessThan(100);
      await page.evaluate("scrollTo(0, document.body.scrollHeight / 2)");
      await expect.poll(() => page.getByRole("row").count()).toBeGreaterThan(20);
      expect(await faults()).toEqual([]);
    },
    300_000,
  );
});
