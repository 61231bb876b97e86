import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openApi } from "@drover/contract";
import type { ProcessorInfo } from "@drover/core";
import { type Express, type NextFunction, type Request, type Response, Router } from "express";
import { cameOverTls } from "../access/client-address.js";
import type { Deps } from "../deps.js";
import { allowOnly } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";

/**
 * Mounts `/openapi.json`, computed from the route table and the catalogue's processors, and `/docs`, a page
 * over it that needs nothing from elsewhere.
 */
export function mountDocs(app: Express, deps: Pick<Deps, "processors" | "version">): void {
  app.get("/openapi.json", nameRoute("/openapi.json"), async (request, response) => {
    const known = await knownProcessors(deps);
    const processors = known.map(({ name, description, accepts, paramsSchema }) => ({
      name,
      description,
      accepts: { extensions: accepts.extensions, media_types: accepts.mediaTypes },
      params_schema: paramsSchema,
    }));
    const baseUrl = addressOf(request);
    const document = openApi({
      version: deps.version,
      processors,
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
    response.set("Cache-Control", "no-cache").json(document);
  });
  allowOnly(app, "/openapi.json", ["GET", "HEAD"]);
  app.use("/docs", nameRoute("/docs"), createReference());
}

/** Those of the snapshot; before there is one they are read, and none can be named where Redis is away. */
async function knownProcessors({ processors }: Pick<Deps, "processors">): Promise<readonly ProcessorInfo[]> {
  return processors.known.length > 0 ? processors.known : processors.list().catch(() => []);
}

const HOST = /^([\w.-]+|\[[0-9a-f:.]+\])(:\d+)?$/i;

/** The address under which the reader reaches this server, for examples; `undefined` for an odd `Host`. */
function addressOf(request: IncomingMessage): string | undefined {
  const { host = "" } = request.headers;
  return HOST.test(host) ? `${cameOverTls(request) ? "https" : "http"}://${host}` : undefined;
}

/** Our own files of the page. */
const PAGE = fileURLToPath(new URL("../../assets/docs", import.meta.url));
const PAGE_FILES = ["reference.css", "reference.js"];
/** Those of Swagger UI that it loads. */
const LIBRARY_FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];

function createReference(): Router {
  const library = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/swagger-ui.css"));
  const router = Router().get("/", toFolder, sendFile("index.html", PAGE));
  for (const name of PAGE_FILES) router.get(`/${name}`, sendFile(name, PAGE));
  for (const name of LIBRARY_FILES) router.get(`/${name}`, sendFile(name, library));
  return router;
}

function sendFile(name: string, root: string) {
  return (_request: Request, response: Response, next: NextFunction) =>
    response.sendFile(
      name,
      { root, cacheControl: false, headers: { "Cache-Control": "no-cache" } },
      (error) => {
        if (error !== undefined && !response.headersSent) next(error);
      },
    );
}

/** Leads from `/docs` to `/docs/`, without the query: somebody may have put a key there, and proxies log `Location`. */
function toFolder({ originalUrl, baseUrl }: Request, response: Response, next: NextFunction): void {
  if (originalUrl.split("?", 1)[0]?.endsWith("/") === true) next();
  else response.redirect(301, `${baseUrl}/`);
}
