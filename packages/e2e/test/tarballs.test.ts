import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ONLY_IN_FULL } from "../src/system.js";
import { apiUrl, CliProcess } from "./cli-process.js";
import { packedFolder } from "./packed-folder.js";

const installed = await packedFolder();
const isMissing = typeof installed === "string";
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync);
const because = (reason: string | undefined) => (reason === undefined ? "" : ` (skipped: ${reason})`);
const reason = isMissing ? installed : undefined;

describe.skipIf(isMissing)(`the packed tarballs, in an empty folder${because(reason)}`, () => {
  const folder = isMissing ? (undefined as never) : installed;
  let site: Server;
  let up: CliProcess;
  let url: string;
  const origin = () => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  let page = "";

  /** The code block of a package's own README that has the words. */
  const example = async (name: string, words: string): Promise<string> => {
    const blocks = (await folder.read(name, "README.md")).matchAll(/^```js\n(.*?)^```/gms);
    return [...blocks].map(([, code = ""]) => code).find((code) => code.includes(words)) ?? "";
  };
  const node = (code: string) => folder.run(process.execPath, ["--input-type=module", "--eval", code]);

  /** What the compiler says of a stranger's module, the packages' own types included. */
  const typeErrors = async (code: string): Promise<string> => {
    await writeFile(join(folder.path, "stranger.mts"), code);
    const tsc = join(import.meta.dirname, "../../../node_modules/typescript/bin/tsc");
    const options = "--noEmit --strict --module nodenext --target es2023 --lib es2023,dom,dom.iterable".split(
      " ",
    );
    return folder.run(process.execPath, [tsc, ...options, "--types", "", "stranger.mts"]).catch(
      (error: { stdout: string }) => error.stdout, // it ends with 2 and says why there
    );
  };

  beforeAll(async () => {
    site = createServer((_, response) => response.setHeader("Content-Type", "text/html").end(page));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    await writeFile(
      join(folder.path, "word-count.mjs"),
      await example("@drover/processor-sdk", "defineProcessor({"),
    );
    up = new CliProcess(["up", "--processor", "./word-count.mjs"], {
      cwd: folder.path,
      env: { PORT: "0", DROVER_CORS_ORIGINS: origin() },
      through: ["npx", "drover"],
    });
    url = await apiUrl(up);
  });
  afterAll(async () => {
    up?.signal("SIGINT");
    await up?.exitCode();
    site?.close();
    await folder?.remove();
  });

  it("are clean to publint and to arethetypeswrong, but for what only CommonJS and Node 10 ask", async () => {
    for (const [name, path] of folder.tarballs) {
      const data = new Uint8Array(await readFile(path));
      const { messages } = await publint({ pack: { tarball: data.buffer }, strict: true });
      expect(messages, name).toEqual([]);
      const analysis = await checkPackage(createPackageFromTarballData(data));
      const problems = analysis.types === false ? [] : analysis.problems;
      const isForEsm = (kind: unknown) => kind !== "node10" && kind !== "node16-cjs";
      expect(
        problems.filter((each) => !("resolutionKind" in each) || isForEsm(each.resolutionKind)),
        name,
      ).toEqual([]);
    }
  });

  it("have a README, the licence, metadata, and ranges that a registry can answer", async () => {
    expect([...folder.tarballs.keys()].sort()).toEqual([
      "@drover/client",
      "@drover/contract",
      "@drover/processor-sdk",
      "@drover/react",
      "@drover/web-component",
      "drover",
    ]);
    for (const name of folder.tarballs.keys()) {
      expect(await folder.read(name, "LICENSE")).toContain("MIT License");
      expect((await folder.read(name, "README.md")).length).toBeGreaterThan(500);
      const manifest = JSON.parse(await folder.read(name, "package.json"));
      expect(manifest).toMatchObject({
        license: "MIT",
        engines: { node: ">=20.19" },
        description: expect.any(String),
      });
      expect(manifest.private).toBeUndefined();
      for (const range of Object.values(manifest.dependencies)) expect(range).toMatch(/^[\^~]\d+\.\d+\.\d+$/);
    }
    expect(await readdir(join(folder.path, "node_modules/@drover"))).toEqual([
      "client",
      "contract",
      "processor-sdk",
      "react",
      "web-component",
    ]);
  });

  it.skipIf(ONLY_IN_FULL !== "")(
    `have types that need nothing of the repository, and that say what is wrong${ONLY_IN_FULL}`,
    async () => {
      const right = `import { ERRORS, type ErrorCode, type Job } from "@drover/contract";
      import { ProblemError } from "@drover/client";
      export const status: 404 = ERRORS.job_not_found.status;
      export const code = (error: ProblemError): ErrorCode | (string & {}) => error.code;
      export const isDone = (job: Job): boolean => job.status === "completed";`;
      expect(await typeErrors(right)).toBe("");
      expect(await typeErrors(right.replace("404", "418").replace('"completed"', '"done"'))).toMatch(
        /error TS2322: .*\n.*error TS2367: /,
      );
    },
  );

  it("have the element as one file, which needs nothing else", async () => {
    const file = await folder.read("@drover/web-component", "dist/standalone/drover-upload.js");
    expect(file).toContain("drover-upload");
    expect(file).not.toMatch(/\bfrom\s*["']|\bimport\s*[("']/);
  });

  it("let a processor be tested as the SDK's README says", async () => {
    expect(await node(await example("@drover/processor-sdk", "runProcessor"))).toBe("");
  });

  it("serve it by npx drover up --processor, with the data in the folder's own .drover", async () => {
    expect(await readdir(join(folder.path, ".drover"))).toEqual(expect.arrayContaining(["blobs", "redis"]));
    const code = (await example("@drover/client", "createClient"))
      .replace("http://127.0.0.1:8000", url)
      .replace('"checksum"', '"word-count"');
    const lines = (await node(code)).trim().split("\n");
    expect(lines.slice(-4)).toEqual(["completed undefined", "words.txt: one", "two", "three"]);
    const [, script = ""] = /src="(\/assets\/[^"]+\.js)"/.exec(await (await fetch(url)).text()) ?? [];
    expect((await fetch(url + script)).headers.get("content-type")).toContain("javascript"); // of the console
  });

  it("answer as the client's and the contract's READMEs say", async () => {
    const code = (await example("@drover/client", "createClient")).replace("http://127.0.0.1:8000", url);
    expect(await node(code)).toMatch(/completed 13\nchecksum.txt: 6899ee40\w+ {2}words.txt\n/);
    const contract = await example("@drover/contract", "openApi");
    const promised = [...contract.matchAll(/; \/\/ (.*)$/gm)].map(([, line]) => line);
    expect((await node(contract)).trim().split("\n")).toEqual(promised);
  });

  it("send a log to the flagship and fetch its results without loading anything of a server", async () => {
    const LOADED_MODULES_FILE = join(folder.path, "loaded.txt");
    const NODE_OPTIONS = `--import ${join(import.meta.dirname, "../fixtures/loaded-modules.mjs")}`;
    const env = { DROVER_URL: url, NODE_OPTIONS, LOADED_MODULES_FILE };
    const drover = (...args: string[]) =>
      folder.run(process.execPath, ["node_modules/drover/bin/drover.mjs", ...args], env);
    const sample = /-F file=@(\S+)/.exec(up.output)?.[1] ?? ""; // of the greeting of `drover up`
    const job = JSON.parse(await drover("submit", sample, "-p", "moodle-log", "--watch", "--json"));
    expect(job).toMatchObject({ status: "completed", result: expect.objectContaining({}) });
    expect(await drover("status", job.job_id)).toContain("enriched_log.xes");
    await drover("download", job.job_id, "--artifact", "enriched_log.xes");
    expect(await readFile(join(folder.path, "enriched_log.xes"), "utf8")).toContain("</log>");
    const packages = (await readFile(LOADED_MODULES_FILE, "utf8"))
      .split("\n")
      .filter((line) => line.includes("/node_modules/"))
      .map((line) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(line)?.[1]);
    expect([...new Set(packages)].sort()).toEqual([
      "@drover/client",
      "@drover/contract",
      "@drover/core",
      "ansi-regex",
      "commander",
      "drover",
      "eventsource-parser",
      "form-data-encoder",
      "get-east-asian-width",
      "string-width",
      "strip-ansi",
      "zod",
    ]);
  });

  it.skipIf(CHROMIUM === undefined)(
    `are bundled into a page that submits from another origin${CHROMIUM === undefined ? " (skipped: there is no chromium in /usr/bin)" : ""}`,
    async () => {
      const bundle = await build({
        stdin: { contents: PAGE.replace("SERVER", url), resolveDir: folder.path },
        bundle: true,
        format: "esm",
        write: false,
        logLevel: "silent",
      });
      page = `<!doctype html><script type="module">${bundle.outputFiles[0]?.text.replaceAll("</script", "<\\/script")}</script>`;
      const browser = await chromium.launch({
        executablePath: CHROMIUM ?? "",
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--disable-background-networking",
        ],
      });
      try {
        const tab = await browser.newPage();
        await tab.goto(origin());
        await tab.waitForFunction("document.title !== ''");
        expect(await tab.title()).toBe("completed 2 four-five all sent function true");
      } finally {
        await browser.close();
      }
    },
  );
});

const PAGE = `
  import { createClient } from "@drover/client";
  import { DropZone } from "@drover/react";
  const client = createClient({ baseUrl: "SERVER" });
  const input = new File(["a four five"], "a.txt");
  let sent = {};
  const options = { params: { min_length: 4 }, onUploadProgress: (progress) => (sent = progress) };
  const { job_id } = await client.submit("word-count", input, options).catch((error) => {
    document.title = String(error);
    throw error;
  });
  const { status, result } = await client.wait(job_id);
  const { body } = await client.download(job_id);
  document.title = [status, result.words, (await new Response(body).text()).replace("\\n", "-"),
    sent.sentBytes > 11 && sent.sentBytes === sent.totalBytes ? "all sent" : JSON.stringify(sent),
    typeof DropZone, customElements.get("drover-upload") !== undefined].join(" ");
`;
