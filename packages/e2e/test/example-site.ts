import { mkdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** The pages of the examples, bundled as each says at its head, on a port of their own. */
export interface ExampleSite {
  readonly origin: string;
  close(): void;
}

/** @param folder for the bundles. It has to lie in the repository, where packages are found. */
export async function serveExamples(folder: string): Promise<ExampleSite> {
  await mkdir(folder, { recursive: true });
  await bundle(
    join(ROOT, "packages/web-component/dist/index.js"),
    join(folder, "web-component/drover-upload.js"),
  );
  await bundle(join(EXAMPLES, "react-drop-zone/page.tsx"), join(folder, "react-drop-zone/page.js"));
  await bundle(join(EXAMPLES, "uppy/page.js"), join(folder, "uppy/bundle.js"));
  const server = createServer(async (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const name = path.endsWith("/") ? `${path}index.html` : path;
    if (path === "/favicon.ico") return void response.writeHead(204).end();
    const bytes = await readFile(join(EXAMPLES, name)).catch(() =>
      readFile(join(folder, name)).catch(() => undefined),
    );
    response.statusCode = bytes === undefined ? 404 : 200;
    response.setHeader("Content-Type", MEDIA_TYPES[extname(name)] ?? "text/plain").end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: originOf(server), close: () => server.close() };
}

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Examples lie outside the workspaces, so their packages are looked for in those of the tests. */
async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    ...{ entryPoints: [entry], outfile, bundle: true, format: "esm", jsx: "automatic", logLevel: "silent" },
    nodePaths: [join(ROOT, "node_modules"), join(ROOT, "packages/e2e/node_modules")],
  });
}
