import {
  DEFAULT_TENANT,
  LOG_LEVELS,
  networksOf,
  type ReceiverPolicy,
  TENANT_NAME,
  type TenantLimits,
} from "@drover/core";
import { z } from "zod";
import { ABOUT, type AboutSetting } from "./about-setting.js";
import { accessSettings } from "./access-settings.js";
import { childSettings } from "./child-settings.js";
import { isHops, NETWORKS } from "./list-entries.js";
import { address, bytes, choice, duration, integer, list } from "./value-kinds.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;

/**
 * Every setting, once: environment variables by name. The processes parse their environment by it; the table
 * in the README and `.env.example` are printed from it.
 */
export const settingsSchema = z.object({
  PORT: integer({ min: 0, max: 65_535 })
    .default(8000)
    .register(ABOUT, { reader: "api", help: "Port of the HTTP server; 0 picks a free one." }),
  HOST: z.string().default("127.0.0.1").register(ABOUT, {
    reader: "both",
    help: "Address that the HTTP server binds, and the worker's health endpoints and metrics.",
  }),
  REDIS_URL: address(["redis", "rediss"]).default("redis://127.0.0.1:6379").register(ABOUT, {
    reader: "both",
    help: "Redis or Valkey 6.2 or newer, with AOF and noeviction; `rediss://` for TLS.",
  }),
  LOG_LEVEL: choice(LOG_LEVELS)
    .default("info")
    .register(ABOUT, { reader: "both", help: "Least severe level that is logged." }),
  LOG_FORMAT: choice(["json", "pretty"])
    .default("json")
    .register(ABOUT, { reader: "both", help: "`json` for machines, `pretty` for a terminal." }),
  DROVER_DATA_DIR: z
    .string()
    .default(".drover")
    .register(ABOUT, { reader: "both", help: "Folder for what a process keeps on its own disk." }),
  DROVER_STORAGE: z
    .string()
    .optional()
    .register(ABOUT, {
      reader: "both",
      help:
        "Where files are: `file:<folder>`, shared by every api and worker. Default: `blobs` in the data " +
        "folder.",
    }),
  DROVER_QUEUE_PREFIX: z.string().default("drover").register(ABOUT, {
    reader: "both",
    help: "First part of every Redis key; lets several installations share one Redis.",
  }),
  DROVER_MAX_UPLOAD_BYTES: bytes({ min: 1, max: 1024 * GIB })
    .default(4 * GIB)
    .register(ABOUT, { reader: "api", help: "Largest file; a processor may set a smaller limit." }),
  DROVER_MAX_UPLOADS: integer({ min: 1, max: 100_000 })
    .default(200)
    .register(ABOUT, {
      reader: "api",
      help:
        "Uploads that one process receives at a time, past which a submit answers 503 `at_capacity`. Each takes " +
        "up to 3 MiB.",
    }),
  DROVER_MAX_QUEUED: integer({ min: 1, max: 10_000_000 }).default(100_000).register(ABOUT, {
    reader: "api",
    help: "Queued jobs of one processor past which a submit answers 503 `at_capacity`.",
  }),
  ...accessSettings,
  DROVER_API_DRAIN_TIMEOUT: duration({ min: 0, max: HOUR })
    .default(10 * SECOND)
    .register(ABOUT, { reader: "api", help: "How long a stopping api waits for requests under way." }),
  DROVER_PROCESSORS: list()
    .default(["@drover/processor-moodle-log", "@drover/processor-checksum", "@drover/processor-text-review"])
    .register(ABOUT, {
      reader: "worker",
      help:
        "Processors to serve: packages, or paths of modules and of `.yaml` files that run a program, separated " +
        "by commas; `built-in` for those that Drover brings.",
    }),
  DROVER_IMPORT: z
    .string()
    .optional()
    .register(ABOUT, {
      reader: "worker",
      help:
        "Folder with the job files of an earlier server, which are imported at every start: " +
        "`jobs/<job_id>.json` and `jobs/<job_id>/events.log`.",
    }),
  DROVER_IMPORT_PROCESSOR: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "expected a processor's name, as text-review.")
    .default("text-review")
    .register(ABOUT, { reader: "worker", help: "The processor that imported jobs are listed under." }),
  DROVER_IMPORT_TENANT: z
    .string()
    .regex(TENANT_NAME, "expected a tenant's name: up to 63 lower-case letters, digits and inner hyphens.")
    .default(DEFAULT_TENANT)
    .register(ABOUT, { reader: "worker", help: "The tenant that imported jobs belong to." }),
  DROVER_CONCURRENCY: integer({ min: 1, max: 256 })
    .default(2)
    .register(ABOUT, { reader: "worker", help: "Attempts at a time for each processor." }),
  DROVER_WORKER_PORT: integer({ min: -1, max: 65_535 })
    .default(-1)
    .register(ABOUT, {
      reader: "worker",
      help:
        "Port of the worker's own `/livez`, `/readyz` and `/metrics`; -1 for none, 0 picks a free one. Of " +
        "several workers of `drover up` each has the next one.",
    }),
  DROVER_DRAIN_TIMEOUT: duration({ min: 0, max: DAY })
    .default(30 * SECOND)
    .register(ABOUT, {
      reader: "worker",
      help: "How long a stopping worker lets running attempts end before it gives them back to the queue.",
    }),
  ...childSettings,
  DROVER_RETRY_BASE_DELAY: duration({ min: 0, max: DAY })
    .default(20 * SECOND)
    .register(ABOUT, {
      reader: "worker",
      help:
        "Upper bound of the wait after a first failed attempt; the wait itself is drawn from 0 up to it, " +
        "so that jobs that fail together do not return together. Doubles with each further one.",
    }),
  DROVER_RETRY_MAX_DELAY: duration({ min: 0, max: DAY })
    .default(5 * MINUTE)
    .register(ABOUT, { reader: "worker", help: "Upper bound of any wait between attempts." }),
  DROVER_RETENTION_COMPLETED: duration({ min: SECOND, max: 3650 * DAY })
    .default(7 * DAY)
    .register(ABOUT, { reader: "both", help: "How long a completed job and its artifacts are kept." }),
  DROVER_RETENTION_FAILED: duration({ min: SECOND, max: 3650 * DAY })
    .default(7 * DAY)
    .register(ABOUT, { reader: "both", help: "How long a failed or cancelled job and its input are kept." }),
  DROVER_WEBHOOK_ALLOW: list(NETWORKS)
    .default([])
    .register(ABOUT, {
      reader: "both",
      help:
        "Networks or addresses that webhooks may call although they are not public, separated by commas, " +
        "as `10.0.0.0/8`.",
    }),
  DROVER_WEBHOOK_HTTP: choice(["refuse", "allow"])
    .default("refuse")
    .register(ABOUT, { reader: "both", help: "Whether webhooks may call `http://`, beside `https://`." }),
  DROVER_SWEEP_INTERVAL: duration({ min: 100, max: DAY }).default(MINUTE).register(ABOUT, {
    reader: "worker",
    help: "Time between two sweeps: expired jobs, files without a job, jobs without a file.",
  }),
  DROVER_ORPHAN_GRACE: duration({ min: 0, max: 30 * DAY })
    .default(HOUR)
    .register(ABOUT, {
      reader: "worker",
      help:
        "Age at which a file that belongs to no job is removed, and what a killed process left of an " +
        "upload (2 minutes at least); longer than the longest upload.",
    }),
});

/** The values of all settings, by variable name. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/** The settings of an empty environment. */
export const DEFAULTS: Settings = settingsSchema.parse({});

/** Which receivers webhooks may call: the same for the api, which refuses, and the worker, which calls. */
export function receiverPolicyOf(settings: Settings): ReceiverPolicy {
  return {
    isHttpAllowed: settings.DROVER_WEBHOOK_HTTP === "allow",
    allowedNetworks: networksOf(...settings.DROVER_WEBHOOK_ALLOW),
  };
}

/** What a tenant may use that has no limits of its own. */
export function tenantLimitsOf(settings: Settings): TenantLimits {
  const limit = (value: number) => (value === 0 ? null : value);
  return {
    requestsPerMinute: limit(settings.DROVER_TENANT_REQUESTS),
    queuedJobs: limit(settings.DROVER_TENANT_QUEUED),
    runningJobs: limit(settings.DROVER_TENANT_RUNNING),
    storedBytes: limit(settings.DROVER_TENANT_STORED_BYTES),
  };
}

/** Proxies in front of the api that may say who a client is: how many, or where they are. */
export type TrustedProxies = number | readonly string[];

/** Whose `X-Forwarded-*` headers count. */
export function trustedProxiesOf({ DROVER_TRUST_PROXY: entries }: Settings): TrustedProxies {
  const [first = ""] = entries;
  return isHops(first) ? Number(first) : entries;
}

/** A setting as documentation shows it. */
export interface SettingDescription extends AboutSetting {
  readonly name: string;
  /** As a person writes it: `7d`, `4g`, `a,b`; empty for none. */
  readonly default: string;
}

/** @returns every setting, in the order of the table. `help` names the choices of those that have some. */
export function describeSettings(): readonly SettingDescription[] {
  const defaults: Readonly<Record<string, string | undefined>> = z.encode(settingsSchema, DEFAULTS);
  return Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const about = ABOUT.get(schema);
    if (about === undefined) throw new Error(`${name} says neither who reads it nor what it is for.`);
    const kind = schema.unwrap();
    const choices = kind instanceof z.ZodEnum ? ` One of ${kind.options.map(code).join(", ")}.` : "";
    return { name, default: defaults[name] ?? "", reader: about.reader, help: `${about.help}${choices}` };
  });
}

function code(word: string): string {
  return `\`${word}\``;
}
