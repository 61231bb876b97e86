import { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { DomainError } from "@drover/core";
import type { TrustedProxies } from "@drover/settings";
import express, { type ErrorRequestHandler, type Express } from "express";
import helmet from "helmet";
import { listAudit } from "./access/audit.js";
import { getCaller } from "./access/caller.js";
import { cameOverTls, clientNoter } from "./access/client-address.js";
import { guardOrigins, type Reach } from "./access/cross-origin.js";
import { createJobToken, createKey, listKeys, revokeKey } from "./access/issued-keys.js";
import { mountSignIn } from "./access/sign-in.js";
import { clearLimits, getLimits, setLimits } from "./access/tenant-limits.js";
import { getUsage } from "./access/usage.js";
import { legacyJobStatus, legacyStatus, legacyUpload } from "./compatibility/legacy.js";
import type { Deps } from "./deps.js";
import { mountRoutes } from "./http/express.js";
import type { Handlers } from "./http/handler.js";
import { servePolls } from "./http/polls.js";
import { openScope } from "./http/request-scope.js";
import { assertUnambiguous } from "./http/request-shape.js";
import { sendRefusal } from "./http/send.js";
import { sendUnknownPage, wantsPage } from "./http/unknown-page.js";
import { cancelJob } from "./jobs/cancel.js";
import { deleteJob } from "./jobs/delete.js";
import { downloadArchive, downloadArtifact, downloadJob, legacyDownload } from "./jobs/downloads.js";
import { streamJob } from "./jobs/events.js";
import { listJobs } from "./jobs/list.js";
import { streamJobs } from "./jobs/list-events.js";
import { getJob, getJobRecord, getLogs, getResult } from "./jobs/read.js";
import { retryJob } from "./jobs/retry.js";
import { submitJob } from "./jobs/submit.js";
import { listAlerts } from "./operations/alerts.js";
import { mountBoard } from "./operations/board.js";
import type { BoardOptions } from "./operations/board-router.js";
import { mountConsole } from "./operations/console.js";
import { mountDocs } from "./operations/docs.js";
import { health, livez, readyz } from "./operations/health.js";
import { getStats } from "./operations/job-stats.js";
import { type MetricsOptions, mountMetrics } from "./operations/metrics.js";
import { getScale } from "./operations/scale.js";
import { getTrends } from "./operations/trends.js";
import { drainWorker, listWorkers } from "./operations/workers.js";
import {
  changeProcessor,
  getProcessor,
  listProcessors,
  pauseProcessor,
  resumeProcessor,
} from "./processors/processors.js";
import { listDeliveries, redeliver } from "./webhooks/job-deliveries.js";
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhook,
} from "./webhooks/registered-endpoints.js";

export interface AppOptions {
  /** Absent: no operators' board. */
  readonly board?: BoardOptions;
  /** Folder of the built console. Absent: `/` leads to the reference. */
  readonly console?: string;
  /** Absent: no `/metrics`. */
  readonly metrics?: MetricsOptions;
  /** Default: this machine only, and no page of another origin. */
  readonly reach?: Reach;
  /** Whose `X-Forwarded-*` headers count. Default: nobody's. */
  readonly proxies?: TrustedProxies;
}

/** The whole HTTP application. Holds no state of its own; everything comes with the deps. */
export function createApp(deps: Deps, options: AppOptions = {}): RequestListener {
  const { reach = { boundTo: "127.0.0.1", hosts: [], corsOrigins: [] }, proxies = [] } = options;
  const noteClient = clientNoter(proxies);
  const headers = securityHeaders();
  const guard = guardOrigins(reach);
  const poll = servePolls(handlers, deps);
  const app = createExpress(deps, options);
  return (request, response) => {
    const refuse = (error: unknown) => sendRefusal(error, request, response, deps);
    noteClient(request);
    openScope(request, response, deps);
    response.setHeaders(headers);
    if (cameOverTls(request)) response.setHeader("Strict-Transport-Security", HSTS);
    try {
      assertUnambiguous(request);
      if (guard(request, response)) return;
      const polled = poll(request, response);
      if (polled === undefined) app(request, response);
      else polled.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  };
}

/** All routes, and the pages. */
function createExpress(deps: Deps, { board, console, metrics, proxies = [] }: AppOptions): Express {
  const app = express();
  app.set("trust proxy", proxies);
  app.disable("x-powered-by");
  app.set("query parser", false); // queries are read by the route table
  mountRoutes(app, handlers, deps);
  mountDocs(app, deps);
  mountSignIn(app, deps);
  if (metrics !== undefined) mountMetrics(app, metrics, deps.callers);
  if (board !== undefined) mountBoard(app, board, deps);
  if (console === undefined) app.get("/", (_request, response) => response.redirect("/docs/"));
  else mountConsole(app, console, deps);
  app.use((request, response) => {
    response.vary("Accept");
    if (wantsPage(request)) return sendUnknownPage(request, response);
    throw new DomainError(
      "route_not_found",
      `There is nothing at ${request.path.slice(0, 200)}. GET /openapi.json lists what there is.`,
    );
  });
  const refuse: ErrorRequestHandler = (error, request, response, _next) =>
    sendRefusal(error, request, response, deps);
  app.use(refuse);
  return app;
}

/**
 * Pages load nothing from elsewhere. Swagger UI and Bull Board style by attribute, hence the inline styles.
 */
const applySecurityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:"],
      fontSrc: ["'self'", "data:"],
      objectSrc: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: "deny" },
  strictTransportSecurity: false, // not the same for every response
});

/**
 * Sent with what came by TLS, as RFC 6797 (7.2) wants it: a year, and of this name alone, since the names below
 * it may be somebody else's.
 */
const HSTS = "max-age=31536000";

/** Helmet's headers, which are the same for every response: it is asked once. */
function securityHeaders(): Map<string, string> {
  const request = new IncomingMessage(new Socket());
  const sample = new ServerResponse(request);
  applySecurityHeaders(request, sample, () => {});
  return new Map(Object.entries(sample.getHeaders()).map(([name, value]) => [name, String(value)]));
}

/** What answers each route of the table. */
export const handlers = {
  submitJob,
  getJob,
  listJobs,
  streamJob,
  streamJobs,
  getLogs,
  getJobRecord,
  getResult,
  downloadArtifact,
  downloadJob,
  downloadArchive,
  cancelJob,
  retryJob,
  deleteJob,
  listWebhooks,
  createWebhook,
  getWebhook,
  changeWebhook,
  rotateWebhook,
  deleteWebhook,
  listDeliveries,
  redeliver,
  getCaller,
  listKeys,
  createKey,
  revokeKey,
  createJobToken,
  listProcessors,
  getProcessor,
  changeProcessor,
  pauseProcessor,
  resumeProcessor,
  livez,
  readyz,
  health,
  getStats,
  getScale,
  listAudit,
  listWorkers,
  drainWorker,
  getTrends,
  listAlerts,
  getLimits,
  setLimits,
  clearLimits,
  getUsage,
  legacyJobStatus,
  legacyUpload,
  legacyStatus,
  legacyDownload,
} satisfies Handlers;
