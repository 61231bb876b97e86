import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule, ONLY_IN_FULL, System } from "../src/system.js";
import { CHROMIUM, dropFile, launchChromium, NO_CHROMIUM, watchPage } from "./browser.js";

const THEMES = ["light", "dark"] as const;

const SITE = new URL("../../../apps/console/dist/site/", import.meta.url);
const SAMPLE = fileURLToPath(
  new URL("../../../processors/moodle-log/sample/moodle-log.csv", import.meta.url),
);
const READER = "reader-key-of-the-console-tests-0123456789";
const ADMIN = "admin-key-of-the-console-tests-00123456789";

it("the first look loads at most 250 KB, compressed", () => {
  const page = readFileSync(new URL("index.html", SITE), "utf8");
  const loaded = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  const bytes = loaded.map((path) => readFileSync(new URL(`${path}.gz`, SITE)).length);
  expect(loaded.length).toBeGreaterThan(2);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(250_000);
});

describe.skipIf(CHROMIUM === undefined)(`the pages for people${NO_CHROMIUM}`, () => {
  let system: System;
  let browser: Awaited<ReturnType<typeof launchChromium>>;
  let context: BrowserContext;
  let page: Page;
  let trouble: readonly string[];

  beforeAll(async () => {
    const fixtures = (["digest", "misbehave", "html-report"] as const).map(fixtureModule);
    const env = { DROVER_PROCESSORS: ["@drover/processor-moodle-log", ...fixtures].join(",") };
    [system, browser] = await Promise.all([System.start({ apis: 1, workers: 1, env }), launchChromium()]);
  });
  afterEach(() => context?.close());
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  /** A browser of its own, which knows nothing yet. */
  const open = async (path: string, { api = 0, locale = "en-GB" } = {}) => {
    context = await browser.newContext({ locale });
    page = await context.newPage();
    trouble = await watchPage(page, new URL(system.url(api)).host);
    await page.goto(system.url(api) + path);
  };
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  /** Chooses a file on the page of a processor, and sends it. */
  const send = async (name: string, text: string) => {
    await page
      .locator("input[type=file]")
      .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    await button("Start").click();
  };
  const heading = (name: string | RegExp) => page.getByRole("heading", { name });

  /** What axe finds that is serious, on a phone and on a wide screen, in one theme each; in the full size in both. */
  const assertAccessible = async () => {
    await page.evaluate(axe.source);
    for (const width of [360, 1440])
      for (const colorScheme of ONLY_IN_FULL === ""
        ? THEMES
        : THEMES.filter((_, i) => i === Number(width === 360))) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const found = await page.evaluate(
          "axe.run(document, { iframes: false, resultTypes: ['violations'] })",
        );
        const { violations } = found as axe.AxeResults; // what axe.run resolves with
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        const lines = serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
        expect.soft(lines, `${page.url()} at ${width} px, ${colorScheme}`).toEqual([]);
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect.soft(wide, `${page.url()} is wider than ${width} px`).toBeLessThanOrEqual(0);
      }
    await page.setViewportSize({ width: 1280, height: 800 });
  };

  it("a log that is dropped on / is a result in hand two clicks later", async () => {
    await open("/");
    await heading("Moodle log").waitFor();
    await assertAccessible();
    await dropFile(page, page.getByRole("group", { name: "Files" }), SAMPLE);
    await heading("Moodle log").waitFor();
    await page.getByText("moodle-log.csv").waitFor();
    await button("Options").click();
    await page.getByLabel("Timezone").waitFor();
    await assertAccessible();
    await button("Start").click(); // the first
    await page.waitForURL(/\/my-jobs\/.+/);
    await heading("Your result is ready").waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download", exact: true }).click(); // the second
    expect((await download).suggestedFilename()).toMatch(/\.(zip|html|csv)$/);
    await button("Preview of enriched_log.csv").click();
    await page.getByRole("columnheader", { name: "timestamp" }).waitFor();
    await assertAccessible();
    await page.getByRole("link", { name: "My jobs" }).click();
    await page.getByRole("link", { name: /moodle-log\.csv/ }).waitFor();
    await page.getByText("Done").waitFor();
    await assertAccessible();
    await page.getByRole("searchbox").fill("nothing like it");
    await page.getByText("Nothing is found").waitFor();
    expect(trouble).toEqual([]);
  });

  it("params that the server refuses are said at their field, and the file stays", async () => {
    await open("/p/moodle-log");
    await page.locator("input[type=file]").setInputFiles(SAMPLE);
    await button("Options").click();
    await page.getByLabel("Timezone").fill("Lisbonn");
    await button("Start").click();
    await page.getByText("Some options are not right").waitFor();
    const field = page.getByLabel("Timezone");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    expect(await field.inputValue()).toBe("Lisbonn");
    await page.getByText("moodle-log.csv").waitFor();
  });

  it("a failed job says why and what to do, and runs again with other options without another upload", async () => {
    await open("/p/misbehave");
    let uploads = 0;
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/misbehave/jobs")) uploads++;
    });
    await page.locator("input[type=file]").setInputFiles(SAMPLE);
    await page.getByLabel("How").selectOption("invalid"); // needed, so the options are open
    await button("Start").click();
    await heading("The file could not be used").waitFor();
    await page.getByText("Row 12: this can never work.").waitFor();
    await assertAccessible();
    await page.getByLabel("How").selectOption("never");
    await button("Try again").click();
    await button("Cancel").click();
    await page.getByText("It was cancelled").waitFor();
    expect(uploads).toBe(1);
    expect(trouble).toEqual([]);
  });

  it("a page that a processor wrote is shown as it looks, and does nothing", async () => {
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    try {
      await open("/p/html-report");
      await page.locator("input[type=file]").setInputFiles(SAMPLE);
      const { port } = elsewhere.address() as AddressInfo; // it listens on TCP
      await page.getByLabel("Elsewhere").fill(`http://127.0.0.1:${port}`);
      await button("Start").click();
      const frame = page.frameLocator("iframe");
      const title = frame.getByRole("heading", { name: "Report" });
      await title.waitFor();
      expect(await title.evaluate((node) => getComputedStyle(node).color)).toBe("rgb(1, 2, 3)");
      await frame.getByRole("link", { name: "away" }).click();
      await page.getByRole("link", { name: "My jobs" }).click();
      await page.getByRole("searchbox").waitFor();
      expect(await page.title()).toBe("My jobs · Drover");
      expect(asked).toEqual([]);
    } finally {
      elsewhere.closeAllConnections();
      elsewhere.close();
    }
  });

  it("an upload whose line is lost is sent again, and is one job", async () => {
    await open("/p/digest");
    let lost = 0;
    await page.route("**/api/processors/digest/jobs", (route) =>
      lost++ === 0 ? route.abort("connectionreset") : route.continue(),
    );
    await send("lost-line.txt", "some bytes");
    await heading("Your result is ready").waitFor();
    expect(lost).toBe(2);
    expect((await system.client().list({ q: "lost-line.txt" })).jobs).toHaveLength(1);
  });

  it("a job is followed through a restart of the api", async () => {
    await open("/p/digest");
    await page.locator("input[type=file]").setInputFiles(SAMPLE);
    await button("Options").click();
    await page.getByLabel("Ms", { exact: true }).fill("3000");
    await button("Start").click();
    await page.getByText("Wait", { exact: true }).waitFor();
    const { port } = new URL(system.url());
    await system.apis.shift()?.kill();
    await system.startApi({ PORT: port });
    system.apis.unshift(...system.apis.splice(-1));
    await heading("Your result is ready").waitFor();
    expect(trouble.filter((line) => line.startsWith("uncaught"))).toEqual([]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `a job is followed through ten seconds without a network${ONLY_IN_FULL}`,
    async () => {
      await open("/p/digest");
      await page.locator("input[type=file]").setInputFiles(SAMPLE);
      await button("Options").click();
      await page.getByLabel("Ms", { exact: true }).fill("6000");
      await button("Start").click();
      await page.getByText("Wait", { exact: true }).waitFor();
      await context.setOffline(true);
      await page.getByText("There is no connection").waitFor();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await context.setOffline(false);
      await heading("Your result is ready").waitFor();
    },
  );

  it("where keys are, they are asked for, and their scopes decide what is shown", async () => {
    const keys = `acme:read:${READER},ops:submit+read+admin:${ADMIN}`;
    const api = system.apis.length;
    await system.startApi({ DROVER_API_KEYS: keys });
    await open("/jobs", { api });
    await page.getByLabel("API key").fill("wrong");
    await button("Sign in").click();
    await page.getByText("This key is not known").waitFor();
    await assertAccessible();
    await page.getByLabel("API key").fill(READER);
    await button("Sign in").click();
    await heading("This page is for operators").waitFor();
    expect(await page.getByRole("link", { name: "Workers" }).count()).toBe(0);
    await page.goto(`${system.url(api)}/p/digest`);
    await heading("Your key may not submit files").waitFor();
    await button("Sign out").click();
    await page.getByLabel("API key").fill(ADMIN);
    await button("Sign in").click();
    await page.getByRole("link", { name: "Workers" }).click();
    await page.waitForURL(/\/workers$/);
    expect(await heading("This page is for operators").count()).toBe(0);
    // What a browser prints of the refusals that were asked for.
    expect(trouble.filter((line) => !/\b401\b/.test(line))).toEqual([]);
  });

  it("the pages speak the browser's language, or the one that was chosen", async () => {
    await open("/", { locale: "pt-BR" });
    await heading("O que quer fazer com o seu ficheiro?").waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("pt");
    await page.getByLabel("Idioma").selectOption("en");
    await heading("What do you want to do with your file?").waitFor();
    await page.reload();
    await heading("What do you want to do with your file?").waitFor();
    await page.goto(`${system.url()}/my-jobs/12345678-1234-1234-1234-123456789abc`);
    await heading("This job is not there any more").waitFor();
  });
});
