import { z } from "zod";

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

export const ProcessorList = z.object({ processors: z.array(Processor) }).meta({ id: "ProcessorList" });
export type ProcessorList = z.output<typeof ProcessorList>;
