import type { MetricRegistry } from "@drover/metrics";
import type { Express, RequestHandler } from "express";
import { admitToMetrics } from "../access/admin-access.js";
import type { Callers } from "../access/callers.js";
import { allowOnly } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";

export interface MetricsOptions {
  readonly registry: Pick<MetricRegistry, "text" | "contentType">;
}

const PATH = "/metrics";

/**
 * Mounts `/metrics` in Prometheus' text format, for this machine and for keys with the scope `admin`; for other
 * hosts too where there are no keys, but not through a proxy, by which the api may be public. They say how many
 * jobs and requests of which kind there are, and nothing of any one of them.
 */
export function mountMetrics(app: Express, { registry }: MetricsOptions, callers: Callers): void {
  app.get(PATH, nameRoute(PATH), guard(callers), async (_request, response) => {
    const text = await registry.text();
    response.set({ "Content-Type": registry.contentType, "Cache-Control": "no-store" }).send(text);
  });
  allowOnly(app, PATH, ["GET", "HEAD"]);
}

function guard(callers: Callers): RequestHandler {
  return async (request, _response, next) => {
    await admitToMetrics(request, callers);
    next();
  };
}
