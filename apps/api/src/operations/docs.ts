import { openApi } from "@drover/contract";
import { type Express, type NextFunction, type Request, type Response, Router } from "express";
import type { Deps } from "../deps.js";
import { allowOnly, onFirstUse } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";

/**
 * Mounts `/openapi.json`, computed from the route table and the catalogue's processors, and `/docs`, a page
 * that needs nothing from elsewhere.
 */
export function mountDocs(app: Express, deps: Pick<Deps, "processors" | "version">): void {
  app.get("/openapi.json", nameRoute("/openapi.json"), (_request, response) => {
    const processors = deps.processors.known.map(({ name, description, paramsSchema }) => ({
      name,
      description,
      params_schema: paramsSchema,
    }));
    const document = openApi({ version: deps.version, processors });
    response.set("Cache-Control", "no-cache").json(withEmptyMaps(document));
  });
  allowOnly(app, "/openapi.json", ["GET", "HEAD"]);
  app.use("/docs", nameRoute("/docs"), onFirstUse(createReference));
}

async function createReference() {
  const { default: swaggerUi } = await import("swagger-ui-express");
  const options = {
    customSiteTitle: "Drover API",
    customCss: ".swagger-ui .topbar { display: none }", // nothing but Swagger's own name
    // The validator's badge is an image from another site.
    swaggerOptions: { url: "/openapi.json", validatorUrl: null },
  };
  return Router()
    .get("/", toFolder)
    .use(...swaggerUi.serveFiles(undefined, options))
    .get("/", swaggerUi.setup(undefined, options)); // as middleware it would answer to any path
}

/** Leads from `/docs` to `/docs/`, without the query: somebody may have put a key there, and proxies log `Location`. */
function toFolder({ originalUrl, baseUrl }: Request, response: Response, next: NextFunction): void {
  if (originalUrl.split("?", 1)[0]?.endsWith("/") === true) next();
  else response.redirect(301, `${baseUrl}/`);
}

/**
 * The document with an empty object as the example of every query parameter that is a map. Without one,
 * Swagger UI's "Try it out" sends keys that it made up, which the api refuses.
 */
function withEmptyMaps<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_key, value) =>
    value?.in === "query" && value.schema?.type === "object" ? { ...value, example: {} } : value,
  );
}
