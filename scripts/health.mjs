/**
 * For a container's health check: ends with 0 when the api or the worker in this container answers, else with
 * 1. Asks for life, not readiness: a container must not be replaced because Redis is away.
 */
const port = process.env.DROVER_WORKER_PORT || process.env.PORT || "8000";
const isAlive = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exitCode = isAlive ? 0 : 1;
