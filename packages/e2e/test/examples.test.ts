import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@drover/client";
import { runProcessor } from "@drover/processor-sdk/testing";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiUrl, CliProcess } from "./cli-process.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync);
const withoutChromium = CHROMIUM === undefined ? " (skipped: there is no chromium in /usr/bin)" : "";

/** Serves the page of the example, on a port of its own. */
async function servePage(): Promise<Server> {
  const page = await readFile(join(EXAMPLES, "browser-page/index.html"));
  const server = createServer((_request, response) =>
    response.setHeader("Content-Type", "text/html").end(page),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe("the examples", () => {
  let folder: string;
  let site: Server;
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
    site = await servePage();
    const processors = [
      "@drover/processor-checksum",
      "./build/line-statistics.js",
      "./examples/program-processor/sort-lines.mjs",
    ];
    const env = { PORT: "0", DROVER_PROCESSORS: processors.join(","), DROVER_CORS_ORIGINS: originOf(site) };
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

  it.skipIf(CHROMIUM === undefined)(
    `browser-page uploads, waits and links the results${withoutChromium}`,
    async () => {
      const args = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
      ];
      const browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args });
      try {
        const page = await browser.newPage();
        await page.goto(`${originOf(site)}/?drover=${url}`);
        await page.setInputFiles("input[type=file]", {
          name: "abc.txt",
          mimeType: "text/plain",
          buffer: Buffer.from("abc"),
        });
        await page.click("button");
        await page.waitForSelector("li a");
        expect(await page.textContent("[role=status]")).toBe("The job is completed.");
        expect(await page.getAttribute("li a", "href")).toContain(`${url}/api/jobs/`);
      } finally {
        await browser.close();
      }
    },
  );

  it("are all tried here", async () => {
    const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual([
      "browser-page",
      "express-app",
      "pdf-text", // in any-program.test.ts
      "program-processor",
      "python-word-count", // in any-program.test.ts
      "traces", // in traces.test.ts
      "typescript-processor",
    ]);
  });
});
