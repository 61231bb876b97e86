import { z } from "zod";
import { Time } from "./fields.js";

/** The process answers; nothing that it depends on was asked. */
export const Liveness = z.object({ status: z.literal("alive"), timestamp: Time }).meta({ id: "Liveness" });
export type Liveness = z.output<typeof Liveness>;

/** Whether the process can take traffic, and what says no. */
export const Readiness = z
  .object({
    status: z.enum(["ready", "not_ready"]),
    timestamp: Time,
    checks: z.object({
      redis: z.enum(["ok", "failed"]),
      storage: z.enum(["ok", "failed"]),
      draining: z.boolean(),
    }),
  })
  .meta({ id: "Readiness" });
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
