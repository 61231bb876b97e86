import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { type Log, SettingsError } from "@drover/core";
import type { MetricRegistry } from "@drover/metrics";
import type { WorkerState } from "./worker.js";
import type { WorkerMetrics } from "./worker-metrics.js";

export interface HealthOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly host: string;
  /** `ready`, or why the worker takes no jobs. */
  readonly state: () => WorkerState;
  /** What an operator has to put right, where that is known. */
  readonly advice?: () => string | undefined;
  readonly metrics: Pick<MetricRegistry, "text" | "contentType">;
  /** What the metrics ask of other hosts, as Bearer or as the password of Basic; `undefined` for nothing. */
  readonly adminKey: string | undefined;
}

/**
 * The worker's own `/livez` (200 while the process answers) and `/readyz` (503 with the reason while it takes no
 * jobs), for whoever reaches the port, and `/metrics`, for this host and whoever has the admin key.
 */
export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts to listen.
 * @throws the system's error when it cannot, such as `EADDRINUSE`.
 */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    const isLocked =
      path === "/metrics" &&
      !mayReadMetrics(request.socket.remoteAddress, request.headers.authorization, options.adminKey);
    if (path === "/metrics" && !isLocked) return void sendMetrics(options.metrics, response);
    const [status, body] = isLocked
      ? [401, { status: "unauthorized" }]
      : path === "/livez"
        ? [200, { status: "ok" }]
        : path === "/readyz"
          ? readiness(options.state(), options.advice?.())
          : [404, { status: "not_found" }];
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(`${JSON.stringify(body)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  server.unref();
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sendMetrics(metrics: HealthOptions["metrics"], response: ServerResponse): Promise<void> {
  const text = await metrics.text();
  response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
  response.end(text);
}

/** Whether a request comes from this host, or carries the admin key where there is one. */
export function mayReadMetrics(
  remoteAddress = "",
  authorization = "",
  adminKey: string | undefined = undefined,
): boolean {
  if (adminKey === undefined || /^(::1|(::ffff:)?127\.[0-9.]+)$/.test(remoteAddress)) return true;
  const [, scheme = "", sent = ""] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? [];
  const isBearer = scheme.toLowerCase() === "bearer";
  const key = isBearer
    ? sent
    : Buffer.from(sent, "base64")
        .toString()
        .replace(/^[^:]*:/, "");
  // Digests are compared, so that neither content nor length of the key shows in the time it takes.
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(key), digest(adminKey));
}

function readiness(state: WorkerState, advice: string | undefined): [number, object] {
  if (state === "ready") return [200, { status: state }];
  return [503, { status: state, ...(advice === undefined ? {} : { advice }) }];
}

/**
 * Starts the health endpoints with the metrics, unless the port is negative; returns what ends them.
 * @throws SettingsError when the port cannot be listened on.
 */
export async function serveHealth({
  log,
  createMetrics,
  ...options
}: Omit<HealthOptions, "metrics"> & {
  readonly log: Log;
  readonly createMetrics: () => WorkerMetrics;
}): Promise<() => Promise<void>> {
  const { port, host } = options;
  if (port < 0) return async () => {};
  const metrics = createMetrics();
  const health = await startHealth({ ...options, metrics: metrics.registry }).catch((cause: Error) => {
    throw new SettingsError(
      `Cannot listen on ${host} port ${port} (HOST, DROVER_WORKER_PORT): ${cause.message}`,
    );
  });
  log.info("Health endpoints and metrics listening", { port: health.port });
  return async () => {
    metrics.close();
    await health.close();
  };
}
