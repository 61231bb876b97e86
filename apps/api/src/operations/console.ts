import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@drover/core";
import type { Express, RequestHandler } from "express";
import helmet from "helmet";
import sirv from "sirv";
import { allowOnly } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";

/** Where the console's pages are; the browser's own router (`apps/console/src/app`) has the same list. */
const PAGES = [
  "/",
  "/p/:processor",
  "/my-jobs",
  "/my-jobs/:job_id",
  "/overview",
  "/jobs",
  "/jobs/:job_id",
  "/workers",
  "/queues",
] as const;

/** The page in which an artifact is shown that is HTML itself. */
const FRAME = "/preview-frame";

/** How long files keep that have their digest in their names, in s. */
const YEAR_S = 31_536_000;

/**
 * Mounts the pages for people, as they were built into a folder: one document for every address, which holds
 * nothing of anybody and is anybody's to read, and the files that it loads. What a person may see in them,
 * the routes that they ask decide.
 * @param folder where `apps/console` was built to. Without a build `/` leads to the reference, and the log
 *   says so.
 */
export function mountConsole(app: Express, folder: string, { log }: { readonly log: Log }): void {
  const page = readPage(folder, "index.html");
  const frame = readPage(folder, "preview-frame.html");
  if (page === undefined || frame === undefined) {
    log.warn("The console's pages are not built (npm run build): / leads to /docs/ instead.");
    app.get("/", (_request, response) => response.redirect("/docs/"));
    return;
  }
  for (const path of PAGES) {
    app.get(path, nameRoute(path.replace(/:(\w+)/g, "{$1}")), pageHeaders, sendPage(page));
    allowOnly(app, path, ["GET", "HEAD"]);
  }
  app.get(FRAME, nameRoute(FRAME), frameHeaders, withoutCluster, sendPage(frame));
  allowOnly(app, FRAME, ["GET", "HEAD"]);
  const files = sirv(join(folder, "assets"), {
    ...{ brotli: true, gzip: true, etag: true },
    ...{ maxAge: YEAR_S, immutable: true },
    // They are the same for everybody, and the frame, which is of no origin, loads its script.
    setHeaders: (response) => response.setHeader("Access-Control-Allow-Origin", "*"),
  });
  app.use("/assets", nameRoute("/assets"), files);
}

function readPage(folder: string, name: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A page of no origin has no agent cluster of its origin's to be in; browsers warn when it asks for one. */
const withoutCluster: RequestHandler = (_request, response, next) => {
  response.removeHeader("Origin-Agent-Cluster");
  next();
};

/** Express gives the page an ETag by its bytes, and a 304 to who has it. */
function sendPage(page: Buffer): RequestHandler {
  return (_request, response) => {
    response.set("Cache-Control", "no-cache").type("html").send(page);
  };
}

const SELF = ["'self'"];

/** Scripts and styles from files alone; styles of single elements are set by script, which no policy forbids. */
const pageHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: SELF,
      styleSrc: SELF,
      imgSrc: [...SELF, "data:", "blob:"],
      fontSrc: SELF,
      connectSrc: SELF,
      frameSrc: SELF,
      baseUri: ["'none'"],
      formAction: SELF,
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: "deny" },
  strictTransportSecurity: false, // sent with what came by TLS, whatever it is
});

/**
 * The frame is of no origin, so that what is shown in it reaches nothing of anybody's session; it may style
 * itself and hold its own images, and loads nothing and runs nothing but our script, which fills it.
 */
const frameHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      sandbox: ["allow-scripts"],
      defaultSrc: ["'none'"],
      scriptSrc: SELF,
      styleSrc: ["'unsafe-inline'"],
      imgSrc: ["data:"],
      fontSrc: ["data:"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: SELF,
    },
  },
  xFrameOptions: { action: "sameorigin" },
  strictTransportSecurity: false,
});
