import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@drover/client";
import { runProcessor } from "@drover/processor-sdk/testing";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { apiUrl, CliProcess } from "./cli-process.js";
import { type ExampleSite, serveExamples } from "./example-site.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync);
const withoutChromium = CHROMIUM === undefined ? " (skipped: there is no chromium in /usr/bin)" : "";

/** Drops a file on what the selector finds, as a person does with the mouse. */
async function drop(page: Page, selector: string, name: string): Promise<void> {
  const files = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["abc"], ${JSON.stringify(name)}, { type: "text/plain" }));
    return transfer;
  })()`);
  for (const type of ["dragenter", "dragover", "drop"])
    await page.dispatchEvent(selector, type, { dataTransfer: files });
}

describe("the examples", () => {
  let folder: string;
  let site: ExampleSite;
  let up: CliProcess;
  let url: string;

  beforeAll(async () => {
    // In the repository, so that packages are found; in a folder of built files, which git and the linter
    // pass over.
    folder = await mkdtemp(join(ROOT, "packages/e2e/dist/examples-"));
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await symlink(EXAMPLES, join(folder, "examples"));
    const source = join(EXAMPLES, "typescript-processor/line-statistics.ts");
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--types", "node"];
    await mkdir(join(folder, "build"));
    await run(process.execPath, [
      compiler,
      "--ignoreConfig",
      ...options,
      "--outDir",
      join(folder, "build"),
      source,
    ]);
    site = await serveExamples(join(folder, "pages"));
    const processors = [
      "@drover/processor-checksum",
      "./build/line-statistics.js",
      "./examples/program-processor/sort-lines.mjs",
    ];
    const env = { PORT: "0", DROVER_PROCESSORS: processors.join(","), DROVER_CORS_ORIGINS: site.origin };
    up = new CliProcess(["up"], { cwd: folder, env });
    url = await apiUrl(up);
  });
  afterAll(async () => {
    up?.signal("SIGTERM");
    await up?.exitCode();
    site?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  const processText = async (processor: string, text: string, params = {}) => {
    const client = createClient({ baseUrl: url });
    const { job_id } = await client.submit(processor, new Blob([text]), { filename: "a.txt", params });
    const job = await client.wait(job_id);
    return { job, text: async () => new Response((await client.download(job_id)).body).text() };
  };

  it("typescript-processor counts lines by length, alone and behind the api", async () => {
    const { default: lineStatistics } = await import(join(folder, "build/line-statistics.js"));
    const text = "one\ntwo\na longer line\n";
    expect((await runProcessor(lineStatistics, { input: text, params: {} })).result).toEqual({ lines: 3 });
    const { job, text: download } = await processText("line-statistics", text, { bucket: 5 });
    expect(job).toMatchObject({ status: "completed", result: { lines: 3 } });
    expect(await download()).toBe("from,to,lines\n0,4,2\n10,14,1\n");
  });

  it("program-processor sorts with sort(1)", async () => {
    const { job, text } = await processText("sort-lines", "b\na\nb\n", { unique: true });
    expect(job.status).toBe("completed");
    expect(await text()).toBe("a\nb\n");
  });

  it("express-app takes a file, and gives its state and its result by its own id", async () => {
    const app = new CliProcess([], {
      cwd: ROOT,
      through: [process.execPath, join(EXAMPLES, "express-app/server.mjs")],
      env: { PORT: "0", DROVER_URL: url },
    });
    try {
      const [, own = ""] = await app.printed(/Listening on (\S+)/);
      const form = new FormData();
      form.set("file", new Blob(["abc"]), "abc.txt");
      const created = await fetch(`${own}/reports`, { method: "POST", body: form });
      expect(created.status).toBe(202);
      const report = own + created.headers.get("location");
      const { id } = (await created.json()) as { id: string };
      await createClient({ baseUrl: url }).wait(id);
      expect(await (await fetch(report)).json()).toMatchObject({ status: "completed", progress: 100 });
      expect((await fetch(`${report}/file`)).headers.get("content-disposition")).toContain("attachment");
      expect((await fetch(`${own}/reports/${id.replaceAll(/[0-9a-f]/g, "0")}`)).status).toBe(404);
    } finally {
      app.signal("SIGTERM");
      await app.exitCode();
    }
  });

  describe.skipIf(CHROMIUM === undefined)(`as pages${withoutChromium}`, () => {
    const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let browser: Browser;
    let page: Page;
    let trouble: string[];

    beforeAll(async () => {
      const args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
      ];
      browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args });
    });
    afterAll(() => browser?.close());
    afterEach(async () => {
      await page.close();
      expect(trouble).toEqual([]);
    });

    const open = async (name: string) => {
      page = await browser.newPage();
      trouble = [];
      page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
      page.on("pageerror", (error) => trouble.push(error.message));
      await page.goto(`${site.origin}/${name}/?drover=${url}`);
    };

    it("browser-page uploads, waits and links the results", async () => {
      await open("browser-page");
      await page.setInputFiles("input[type=file]", {
        name: "abc.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("abc"),
      });
      await page.click("button");
      await page.waitForSelector("li a");
      expect(await page.textContent("[role=status]")).toBe("The job is completed.");
      expect(await page.getAttribute("li a", "href")).toContain(`${url}/api/jobs/`);
    });

    it("web-component takes a dropped file, shows the end, and hands over the file that was made", async () => {
      await open("web-component");
      await drop(page, "drover-upload label", "abc.txt");
      await page.getByText(ABC).waitFor();
      expect(await page.getByRole("status").textContent()).toBe("Done.");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "checksum.txt" }).click(),
      ]);
      expect(download.suggestedFilename()).toBe("checksum.txt");
    });

    it("web-component says why a file is refused, and takes the next one", async () => {
      await open("web-component");
      await page.evaluate(`document.querySelector("drover-upload").setAttribute("processor", "nothing")`);
      await drop(page, "drover-upload label", "abc.txt");
      await page.getByRole("status").getByText('No worker has announced a processor "nothing"').waitFor();
      trouble.length = 0; // the browser's own line about the 404
      await page.evaluate(`document.querySelector("drover-upload").setAttribute("processor", "checksum")`);
      await drop(page, "drover-upload label", "abc.txt");
      await page.getByText(ABC).waitFor();
    });

    it("react-drop-zone takes a dropped file, and its hook follows the job", async () => {
      await open("react-drop-zone");
      await drop(page, "drover-upload label", "abc.txt");
      await page.locator("pre").getByText(ABC).waitFor();
      expect(await page.getByRole("link", { name: "checksum.txt" }).count()).toBe(1);
    });

    it("uppy takes a dropped file, and the page links what its job made", async () => {
      await open("uppy");
      await drop(page, ".uppy-Dashboard", "abc.txt");
      await page.getByRole("link", { name: "checksum.txt" }).waitFor();
      expect(await page.locator("ul[aria-live] li").textContent()).toContain("abc.txt: ");
    });
  });

  it("are all tried here", async () => {
    const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual([
      "browser-page",
      "express-app",
      "pdf-text", // in any-program.test.ts
      "program-processor",
      "python-word-count", // in any-program.test.ts
      "react-drop-zone",
      "traces", // in traces.test.ts
      "typescript-processor",
      "uppy",
      "web-component",
    ]);
  });
});
