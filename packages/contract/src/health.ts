import { z } from "zod";
import { Time } from "./fields.js";

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
