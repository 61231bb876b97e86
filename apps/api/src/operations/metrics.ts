import { DomainError } from "@drover/core";
import type { MetricRegistry } from "@drover/metrics";
import type { Express, RequestHandler } from "express";
import { admitsToMetrics } from "../access/admin-access.js";
import { allowOnly } from "../http/express.js";
import { nameRoute } from "../http/request-scope.js";

export interface MetricsOptions {
  readonly registry: Pick<MetricRegistry, "text" | "contentType">;
  /** Opens the metrics to what comes through a proxy. */
  readonly adminKey: string | undefined;
}

const PATH = "/metrics";

/**
 * Mounts `/metrics` in Prometheus' text format. Prometheus scrapes each process itself and logs in nowhere, so
 * a direct request is answered; one that came through a proxy, by which the api may be public, needs the admin
 * key. They say how many jobs and requests of which kind there are, and nothing of any one of them.
 */
export function mountMetrics(app: Express, { registry, adminKey }: MetricsOptions): void {
  app.get(PATH, nameRoute(PATH), guard(adminKey), async (_request, response) => {
    const text = await registry.text();
    response.set({ "Content-Type": registry.contentType, "Cache-Control": "no-store" }).send(text);
  });
  allowOnly(app, PATH, ["GET", "HEAD"]);
}

function guard(adminKey: string | undefined): RequestHandler {
  return (request, response, next) => {
    const answer = admitsToMetrics(request, adminKey);
    if (answer === "unauthorized") {
      response.set("WWW-Authenticate", 'Basic realm="Drover", charset="UTF-8"');
      throw new DomainError("unauthorized", "Through a proxy the metrics need the admin key.");
    }
    if (answer === "forbidden") {
      throw new DomainError(
        "forbidden",
        "Without DROVER_ADMIN_KEY the metrics are not for requests that came through a proxy.",
      );
    }
    next();
  };
}
