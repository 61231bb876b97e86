/**
 * Builds the pages to `dist/site`, which the api serves; only when something that they are made of has changed
 * since. Comes after `tsc -b`: the client and the contract are taken as they are built.
 * `node build.mjs --serve` serves them from source instead, with the api at 127.0.0.1:8000 behind.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const site = join(here, "dist/site");
/** Names the sources that `dist/site` was built from. */
const STAMP = join(here, "dist/site.sha256");

/**
 * Builds the pages unless they are up to date.
 * @returns whether they were built.
 */
export async function buildConsole() {
  const sources = digestOfSources();
  if (existsSync(join(site, "index.html")) && readIfThere(STAMP) === sources) return false;
  const { build } = await import("vite");
  await build({ ...config(), logLevel: "warn" });
  await compressFiles();
  writeFileSync(STAMP, sources);
  return true;
}

function config() {
  return {
    configFile: false,
    root: here,
    build: {
      outDir: site,
      emptyOutDir: true,
      target: "es2022",
      // The policy of the pages allows no `data:` but for images, and a file is cached for good.
      assetsInlineLimit: 0,
      // The preload of lazy parts is for browsers of 2022 and before, and an inline script.
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: ["index.html", "preview-frame.html"].map((name) => join(here, name)),
        // What has to come before the contract is in the file that comes before it: see no-eval.ts.
        output: {
          codeSplitting: {
            groups: [{ name: "zod", test: /[\\/](node_modules[\\/]zod[\\/]|src[\\/]no-eval\.ts)/ }],
          },
        },
        // Libraries mark what does not run on a server; nothing here does.
        onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
      },
      chunkSizeWarningLimit: 1_000,
    },
  };
}

/** All that the pages are made of, in one digest: times lie after a checkout. */
function digestOfSources() {
  const hash = createHash("sha256");
  const files = [
    ...["index.html", "preview-frame.html", "package.json", "build.mjs", "tsconfig.json"].map((name) =>
      join(here, name),
    ),
    ...filesBelow(join(here, "src")),
    ...["client", "contract", "core"].flatMap((name) => filesBelow(join(root, "packages", name, "dist"))),
  ].filter((path) => !/\.(map|d\.ts)$/.test(path) && !path.includes("node_modules"));
  for (const path of files) hash.update(`${path.slice(root.length)}\0`).update(readFileSync(path));
  const lock = readIfThere(join(root, "node_modules/.package-lock.json")) ?? "";
  return hash.update(lock).digest("hex");
}

function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Beside each text the same as Brotli and gzip, so that the api compresses nothing. */
async function compressFiles() {
  const texts = filesBelow(site).filter((path) => /^\.(js|css|html|svg)$/.test(extname(path)));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  await Promise.all(
    texts.map(async (path) => {
      const bytes = readFileSync(path);
      writeFileSync(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
      writeFileSync(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
    }),
  );
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

async function serve() {
  const { createServer } = await import("vite");
  const api = { target: process.env.DROVER_URL ?? "http://127.0.0.1:8000", changeOrigin: true };
  const proxy = Object.fromEntries(
    ["/api", "/sign-in", "/sign-out", "/docs", "/openapi.json", "/admin"].map((path) => [path, api]),
  );
  const server = await createServer({ ...config(), server: { proxy } });
  await server.listen();
  server.printUrls();
}

const isStarted =
  process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href;
if (isStarted) {
  if (process.argv[2] === "--serve") await serve();
  else await buildConsole();
}
