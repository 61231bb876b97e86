import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { rawGet } from "./raw-get.js";
import { startApi, type TestApi } from "./test-api.js";

const PAGE = "<!doctype html><title>Drover</title>";
const SCRIPT = 'document.title = "Drover";'.repeat(20);

let folder: string;
let api: TestApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drover-console-"));
  await mkdir(join(folder, "site/assets"), { recursive: true });
  await mkdir(join(folder, "empty"));
  await writeFile(join(folder, "site/index.html"), PAGE);
  await writeFile(join(folder, "site/preview-frame.html"), "<!doctype html><title>Preview</title>");
  await writeFile(join(folder, "site/assets/index-a1b2.js"), SCRIPT);
  await writeFile(join(folder, "site/assets/index-a1b2.js.br"), brotliCompressSync(SCRIPT));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => api.close());

const start = async (name: "site" | "empty" = "site") => {
  api = await startApi({ console: join(folder, name), processors: [] });
};
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { headers, redirect: "manual" });

it("the console is one page at every address of its own, under a policy without inline code", async () => {
  await start();
  const paths = [
    "/",
    "/p/moodle-log",
    "/my-jobs",
    "/my-jobs/x",
    "/overview",
    "/jobs",
    "/jobs/x",
    "/workers",
    "/queues",
  ];
  for (const path of paths) {
    const response = await get(path);
    expect([path, response.status, await response.text()]).toEqual([path, 200, PAGE]);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  }
  for (const path of ["/p", "/p/a/b", "/nothing", "/assets/nothing.js", "/assets/..%2findex.html"])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  expect((await fetch(`${api.url}/my-jobs`, { method: "POST" })).headers.get("allow")).toBe(
    "GET, HEAD, OPTIONS",
  );
});

it("a browser asks for the page each time, and gets it when it has changed", async () => {
  await start();
  const first = await get("/");
  expect(first.headers.get("cache-control")).toBe("no-cache");
  const etag = first.headers.get("etag") ?? "";
  const asked = async (tag: string) => (await rawGet(`${api.url}/my-jobs`, { "if-none-match": tag })).status;
  expect([await asked(etag), await asked('W/"other"')]).toEqual([304, 200]);
});

it("a browser keeps the files of the page, which it gets compressed", async () => {
  await start();
  const plain = await get("/assets/index-a1b2.js", { "accept-encoding": "identity" });
  expect(plain.headers.get("cache-control")).toBe("public,max-age=31536000,immutable");
  expect(plain.headers.get("content-type")).toMatch(/^text\/javascript/);
  expect(await plain.text()).toBe(SCRIPT);
  const { headers, body } = await rawGet(`${api.url}/assets/index-a1b2.js`, {
    "accept-encoding": "gzip, br",
  });
  expect([headers["content-encoding"], brotliDecompressSync(body).toString()]).toEqual(["br", SCRIPT]);
});

it("a page of a processor is shown in a frame that may do nothing", async () => {
  await start();
  const policy = (await get("/preview-frame")).headers.get("content-security-policy") ?? "";
  expect(policy.split(";")).toEqual(
    expect.arrayContaining([
      "sandbox allow-scripts",
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'self'",
    ]),
  );
  expect(policy).not.toMatch(/script-src[^;]*unsafe|allow-same-origin|connect-src/);
});

it("a server without built pages says so, and leads to the reference", async () => {
  await start("empty");
  const response = await get("/");
  expect([response.status, response.headers.get("location")]).toEqual([302, "/docs/"]);
  expect(api.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining("not built"));
});
