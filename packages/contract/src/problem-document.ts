import * as z from "zod";

/** Every non-2xx answer: RFC 9457, `application/problem+json`. */
export const Problem = z
  .object({
    type: z.string().meta({ examples: ["/problems/job_not_found"] }),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What was expected, what came, and what to do."),
    instance: z.string().describe("Path of the request."),
    code: z.string().describe("Stable, for programs."),
    request_id: z.string(),
    timestamp: z.iso.datetime(),
    errors: z
      .array(z.object({ path: z.string().meta({ examples: ["params.timezone"] }), message: z.string() }))
      .optional()
      .describe("What is wrong with the request, one entry each."),
    checks: z
      .object({
        redis: z.enum(["ok", "failed"]),
        storage: z.enum(["ok", "full", "failed"]),
        draining: z.boolean(),
      })
      .optional()
      .describe("With a 503 of `/readyz`: what says no."),
    expired_at: z.iso.datetime().optional().describe("With 410: when the job expired."),
    job_id: z.string().optional().describe("With 503 of a submit: the job that may exist all the same."),
    may_exist: z
      .boolean()
      .optional()
      .describe(
        "With 503 of a submit whose answer from Redis is missing: `job_id` may exist now or in a moment.",
      ),
    error: z.string().describe("The title again, for an existing client."),
    path: z.string().describe("The request's path again, for an existing client."),
  })
  .meta({ id: "Problem" });
export type Problem = z.output<typeof Problem>;
