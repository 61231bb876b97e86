import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@drover/client";
import { routes } from "@drover/contract";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule, ONLY_IN_FULL, System } from "../src/system.js";
import { CHROMIUM, launchChromium, NO_CHROMIUM, watchPage } from "./browser.js";

/** A processor that logs. */
async function writeTalker(folder: string): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const path = join(folder, "talker.mjs");
  const source = `
    import { defineProcessor } from ${JSON.stringify(resolve("@drover/processor-sdk"))};
    import { z } from ${JSON.stringify(resolve("zod"))};
    export default defineProcessor({
      name: "talker", version: "1.0.0", description: "Says what it does.", params: z.object({}),
      run: async ({ log }) => log.warn("Row 3 has no time"),
    });`;
  await writeFile(path, source);
  return path;
}

describe.skipIf(CHROMIUM === undefined)(`the pages${NO_CHROMIUM}`, () => {
  let folder: string;
  let system: System;
  let browser: Browser;
  let page: Page;
  let trouble: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "drover-pages-"));
    const DROVER_PROCESSORS = [
      "@drover/processor-checksum",
      await writeTalker(folder),
      fixtureModule("misbehave"),
    ].join(",");
    system = await System.start({ apis: 1, workers: 1, env: { DROVER_PROCESSORS } });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    trouble = await watchPage(page, new URL(system.url()).host);
  });
  afterEach(() => page.close());

  const open = (path: string) => page.goto(system.url() + path, { waitUntil: "networkidle" });
  const finished = async (processor: string, params = {}) => {
    const { job_id } = await system.client().submit(processor, new File(["hello"], "hello.txt"), { params });
    return (await system.client().wait(job_id)).job_id;
  };

  it("the reference lists every endpoint, loads nothing from elsewhere and breaks none of its own rules", async () => {
    await open("/docs");
    const operations = page.locator(".opblock");
    await operations.first().waitFor();
    const shown = await page.locator(".opblock-summary-path").allInnerTexts();
    const paths = shown.map((path) => path.replaceAll("\u200b", "")); // where a line may break
    const submits = (await system.client().processors()).map(({ name }) => `/api/processors/${name}/jobs`);
    expect(paths.sort()).toEqual([...Object.values(routes).map(({ path }) => path), ...submits].sort());
    const summaries = await page.locator(".opblock-summary-description").allInnerTexts();
    expect(summaries.filter((summary) => summary.length < 10)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(trouble).toEqual([]);
  });

  it("the reference submits a file, with nothing else filled in, as who was authorized", async () => {
    const key = "a-key-of-24-characters-and-more";
    const keyed = await system.startApi({ DROVER_API_KEYS: `docs:submit+read:${key}` });
    await page.goto(new URL("/docs/#/Submit/submitJob-checksum", keyed.url).href);
    const submit = page.locator("#operations-Submit-submitJob-checksum");
    await submit.getByRole("button", { name: "Try it out" }).click();
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      submit.locator("input[type=file]").click(),
    ]);
    await chooser.setFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    const execute = async () => {
      const answer = page.waitForResponse((response) => response.request().method() === "POST");
      await submit.getByRole("button", { name: "Execute" }).click();
      return (await answer).status();
    };
    expect(await execute()).toBe(401);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".dialog-ux .auth-container").filter({ hasText: "X-API-Key" });
    await dialog.getByRole("textbox").fill(key);
    await dialog.getByRole("button", { name: "Apply credentials" }).click();
    await page.locator(".dialog-ux .close-modal").click();
    expect(await execute()).toBe(202);
    const sent = (await submit.locator(".curl-command").textContent())?.match(/-F '[^']*'/g);
    expect(sent).toEqual(["-F 'file=@a.txt;type=text/plain'"]);
    const [job] = (await createClient({ baseUrl: keyed.url, apiKey: key }).list()).jobs;
    expect(job).toMatchObject({ input: { filename: "a.txt" }, params: {}, tags: {}, priority: 0 });
    await keyed.kill();
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `the reference lists jobs when it is tried out as it stands${ONLY_IN_FULL}`,
    async () => {
      const jobId = await finished("checksum");
      await open("/docs");
      const list = page.locator("#operations-Jobs-listJobs");
      await list.locator(".opblock-summary-control").click();
      await list.getByRole("button", { name: "Try it out" }).click();
      await list.getByRole("button", { name: "Execute" }).click();
      const answer = list.locator(".live-responses-table .highlight-code").first();
      await answer.waitFor();
      expect(await answer.textContent()).toContain(jobId);
      expect(trouble).toEqual([]);
    },
  );

  it("the board shows every processor's queue, loads nothing from elsewhere and breaks none of its own rules", async () => {
    await finished("checksum");
    await open("/admin/queues");
    const names = (await system.client().processors()).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) await page.getByRole("link", { name, exact: true }).first().waitFor();
    expect(trouble).toEqual([]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `the board shows a job's data and its log lines as text, and a failed job's error${ONLY_IN_FULL}`,
    async () => {
      await open(`/admin/queues/queue/talker/${await finished("talker")}`);
      await page.getByText('"hello.txt"').waitFor();
      await page.getByRole("tab", { name: "Logs" }).click();
      await page.getByText(/^20\S+Z attempt 1 WARN Row 3 has no time$/).waitFor();
      await open(`/admin/queues/queue/misbehave/${await finished("misbehave", { how: "invalid" })}`);
      await page.getByText("input_invalid: Row 12: this can never work.").waitFor();
      expect(trouble).toEqual([]);
    },
  );

  it.skipIf(ONLY_IN_FULL !== "")(
    `the board offers nothing that changes a job or a queue, and refuses to${ONLY_IN_FULL}`,
    async () => {
      const jobId = await finished("misbehave", { how: "invalid" });
      for (const path of ["", "?status=failed", `/${jobId}`]) {
        await open(`/admin/queues/queue/misbehave${path}`);
        await page.getByText(jobId).first().waitFor();
        const labels = await page
          .getByRole("button")
          .evaluateAll((all) =>
            all.map((one) => `${one.textContent} ${one.getAttribute("title")} ${one.ariaLabel}`),
          );
        const verbs = /retry|clean|remove|delete|pause|empty|obliterate|promote|duplicate|add|edit/i;
        expect(labels.filter((label) => verbs.test(label))).toEqual([]);
      }
      const url = `${system.url()}/admin/queues/api/queues/misbehave/${jobId}/retry/failed`;
      expect((await fetch(url, { method: "PUT" })).status).toBe(405);
      expect(trouble).toEqual([]);
    },
  );
});
