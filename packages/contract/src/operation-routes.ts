import { Health, Liveness, Readiness } from "./health.js";
import { Processor, ProcessorList } from "./processor.js";
import type { Route } from "./route.js";
import { PROCESSOR_PARAMS } from "./route-parts.js";

/** The catalogue of processors, and how the process does. */
export const operationRoutes = {
  listProcessors: {
    method: "GET",
    path: "/api/processors",
    group: "Processors",
    summary: "List the processors that workers have announced in the last 7 days.",
    answers: { 200: { description: "The catalogue, by name.", schema: ProcessorList } },
    errors: ["redis_unavailable"],
  },
  getProcessor: {
    method: "GET",
    path: "/api/processors/{processor}",
    group: "Processors",
    summary: "Read what one processor accepts.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "The processor.", schema: Processor } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
  livez: {
    method: "GET",
    path: "/livez",
    group: "Operations",
    summary: "Whether the process answers; asks nothing else.",
    answers: { 200: { description: "It does.", schema: Liveness } },
    errors: [],
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    group: "Operations",
    summary: "Whether the process can take traffic.",
    answers: {
      200: { description: "It can.", schema: Readiness },
    },
    errors: ["draining", "redis_unavailable", "storage_unavailable", "storage_not_shared"],
  },
  health: {
    method: "GET",
    path: "/health",
    group: "Operations",
    summary: "A summary with version and uptime.",
    answers: { 200: { description: "The process is up.", schema: Health } },
    errors: [],
  },
} as const satisfies Record<string, Route>;
