import { z } from "zod";
import { Time } from "./fields.js";
import { ANY_QUERY, PROCESSOR_PARAMS, type Route } from "./route-parts.js";

/** A kind of work, as the workers that do it describe it. */
export const Processor = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    accepts: z.object({
      extensions: z.array(z.string()).describe("Lower-case, with the dot; empty for any."),
      media_types: z.array(z.string()).describe("Accepted whatever the file is called; empty for any."),
    }),
    limits: z.object({
      max_input_bytes: z.int().describe("The smaller of the processor's and the api's own limit."),
      timeout_ms: z.int(),
      max_rss_bytes: z.int(),
      max_attempts: z.int(),
    }),
    params_schema: z.record(z.string(), z.unknown()).describe("JSON Schema (2020-12) of the params."),
    workers: z.int().describe("Live workers that serve it; a job submitted while there is none waits."),
    slots: z.int().describe("Attempts that these workers run at a time."),
  })
  .meta({ id: "Processor" });
export type Processor = z.output<typeof Processor>;

/** How a processor's jobs are handed to its workers. */
export const Dispatch = z
  .object({
    is_paused: z.boolean().describe("Whether no worker takes a job of it."),
    concurrency: z
      .int()
      .min(1)
      .nullable()
      .describe("Attempts that run at a time, at most; null for all slots."),
  })
  .meta({ id: "Dispatch" });
export type Dispatch = z.output<typeof Dispatch>;

/** A processor, and how its jobs are handed out. */
export const ProcessorAnswer = Processor.extend(Dispatch.shape).meta({ id: "ProcessorAnswer" });
export type ProcessorAnswer = z.output<typeof ProcessorAnswer>;

/** What can be changed of a processor. */
export const ProcessorChange = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .describe(
        "Attempts that run at a time over all workers, at most; null for as many as they have slots.",
      ),
  })
  .meta({ id: "ProcessorChange" });
export type ProcessorChange = z.output<typeof ProcessorChange>;

export const ProcessorList = z.object({ processors: z.array(ProcessorAnswer) }).meta({ id: "ProcessorList" });
export type ProcessorList = z.output<typeof ProcessorList>;

/** The process answers; nothing that it depends on was asked. */
export const Liveness = z.object({ status: z.literal("alive"), timestamp: Time }).meta({ id: "Liveness" });
export type Liveness = z.output<typeof Liveness>;

/** The process can take traffic. When it cannot, a problem document carries `checks` with what says no. */
export const Readiness = z.object({ status: z.literal("ready"), timestamp: Time }).meta({ id: "Readiness" });
export type Readiness = z.output<typeof Readiness>;

/** A summary for people and for an existing client. */
export const Health = z
  .object({
    status: z.literal("healthy"),
    timestamp: Time,
    version: z.string(),
    uptime_seconds: z.number(),
  })
  .meta({ id: "Health" });
export type Health = z.output<typeof Health>;

/** The catalogue of processors, and how the process does. */
export const operationRoutes = {
  listProcessors: {
    method: "GET",
    path: "/api/processors",
    group: "Processors",
    access: "any_key",
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
    access: "any_key",
    summary: "Read what one processor accepts.",
    description: "The same entry as in the catalogue, under its name, and how its jobs are handed out.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "The processor.", schema: ProcessorAnswer } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
  changeProcessor: {
    method: "PATCH",
    path: "/api/processors/{processor}",
    group: "Processors",
    access: "admin",
    summary: "Bound how many attempts of a processor run at a time.",
    description:
      "Over all its workers, at once and without a restart. Attempts above a lower bound go on; no further " +
      "one starts until there is room.",
    params: PROCESSOR_PARAMS,
    body: { mediaType: "application/json", schema: ProcessorChange, isRequired: true },
    answers: { 200: { description: "How its jobs are handed out now.", schema: Dispatch } },
    errors: ["invalid_request", "processor_not_found", "redis_unavailable"],
  },
  pauseProcessor: {
    method: "POST",
    path: "/api/processors/{processor}/pause",
    group: "Processors",
    access: "admin",
    summary: "Let no worker take a job of the processor.",
    description:
      "Running attempts go on. Jobs are accepted and wait; their `waiting.reason` is `paused`. The same when " +
      "it is paused already.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "How its jobs are handed out now.", schema: Dispatch } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
  resumeProcessor: {
    method: "POST",
    path: "/api/processors/{processor}/resume",
    group: "Processors",
    access: "admin",
    summary: "Let workers take jobs of a paused processor again.",
    description: "The same when it is not paused.",
    params: PROCESSOR_PARAMS,
    answers: { 200: { description: "How its jobs are handed out now.", schema: Dispatch } },
    errors: ["processor_not_found", "redis_unavailable"],
  },
  livez: {
    method: "GET",
    path: "/livez",
    group: "Operations",
    access: "anyone",
    summary: "Whether the process answers; asks nothing else.",
    description: "For restarts: says nothing about Redis or the storage, which a restart would not mend.",
    query: ANY_QUERY,
    answers: { 200: { description: "It does.", schema: Liveness } },
    errors: [],
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    group: "Operations",
    access: "anyone",
    summary: "Whether the process can take traffic.",
    description:
      "For load balancers: Redis answers, the storage takes bytes, and the process is not stopping. The " +
      "checks are made at most every 2 s.",
    query: ANY_QUERY,
    answers: {
      200: { description: "It can.", schema: Readiness },
    },
    errors: ["draining", "redis_unavailable", "storage_unavailable", "storage_not_shared"],
  },
  health: {
    method: "GET",
    path: "/health",
    group: "Operations",
    access: "anyone",
    summary: "A summary with version and uptime.",
    description: "Asks nothing that could be away. For people, and for an existing client.",
    query: ANY_QUERY,
    answers: { 200: { description: "The process is up.", schema: Health } },
    errors: [],
  },
} as const satisfies Record<string, Route>;
