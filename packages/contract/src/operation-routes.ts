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
    description:
      "With what each accepts, its limits, the JSON Schema of its params, and how many workers serve it now.",
    answers: { 200: { description: "The catalogue, by name.", schema: ProcessorList } },
    errors: ["redis_unavailable"],
  },
  getProcessor: {
    method: "GET",
    path: "/api/processors/{processor}",
    group: "Processors",
    summary: "Read what one processor accepts.",
    description: "The same entry as in the catalogue, under its name.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "The processor.", schema: Processor } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
  livez: {
    method: "GET",
    path: "/livez",
    group: "Operations",
    summary: "Whether the process answers; asks nothing else.",
    description: "For restarts: says nothing about Redis or the storage, which a restart would not mend.",
    answers: { 200: { description: "It does.", schema: Liveness } },
    errors: [],
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    group: "Operations",
    summary: "Whether the process can take traffic.",
    description:
      "For load balancers: Redis answers, the storage takes bytes, and the process is not stopping. The checks are made at most every 2 s.",
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
    description: "Asks nothing that could be away. For people, and for an existing client.",
    answers: { 200: { description: "The process is up.", schema: Health } },
    errors: [],
  },
} as const satisfies Record<string, Route>;
