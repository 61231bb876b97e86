import { LOG_LEVELS } from "@drover/core";
import { z } from "zod";
import {
  address,
  bytes,
  choice,
  duration,
  integer,
  list,
  optionalText,
  type SettingInfo,
  settingInfos,
  text,
} from "./value-kinds.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;

/**
 * Every setting, once. The processes parse their environment by it; the README's table and `.env.example` are
 * printed from it. Bytes take `k`, `m`, `g` (powers of 1,024), durations `ms`, `s`, `m`, `h`, `d`; without a
 * unit they are bytes and milliseconds.
 */
export const settingsSchema = z.object({
  PORT: integer({
    default: 8000,
    min: 0,
    max: 65_535,
    reader: "api",
    help: "Port of the HTTP server; 0 picks a free one.",
  }),
  HOST: text({
    default: "127.0.0.1",
    reader: "both",
    help: "Address that the HTTP server binds, and the worker's health endpoints.",
  }),
  REDIS_URL: address({
    schemes: ["redis", "rediss"],
    default: "redis://127.0.0.1:6379",
    reader: "both",
    help: "Redis or Valkey 6.2 or newer, with AOF and noeviction; `rediss://` for TLS.",
  }),
  LOG_LEVEL: choice({
    choices: LOG_LEVELS,
    default: "info",
    reader: "both",
    help: "Least severe level that is logged.",
  }),
  LOG_FORMAT: choice({
    choices: ["json", "pretty"],
    default: "json",
    reader: "both",
    help: "`json` for machines, `pretty` for a terminal.",
  }),
  DROVER_DATA_DIR: text({
    default: ".drover",
    reader: "both",
    help: "Folder for what a process keeps on its own disk.",
  }),
  DROVER_STORAGE: optionalText({
    reader: "both",
    help: "Where files are: `file:<folder>`, shared by every api and worker. Default: `blobs` in the data folder.",
  }),
  DROVER_QUEUE_PREFIX: text({
    default: "drover",
    reader: "both",
    help: "First part of every Redis key; lets several installations share one Redis.",
  }),
  DROVER_MAX_UPLOAD_BYTES: bytes({
    default: 4 * GIB,
    min: 1,
    max: 1024 * GIB,
    reader: "api",
    help: "Largest file; a processor may set a smaller limit.",
  }),
  DROVER_MAX_QUEUED: integer({
    default: 100_000,
    min: 1,
    max: 10_000_000,
    reader: "api",
    help: "Queued jobs of one processor past which a submit answers 503 `at_capacity`.",
  }),
  DROVER_HOSTS: list({
    default: [],
    entry: {
      accepts: (text) => /^(\*|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i.test(text),
      expected: "names without scheme and port, as drover.example.org",
    },
    reader: "api",
    help: "Further names under which the api is spoken to, separated by commas: behind a proxy, its public name. `*` for any, where the proxy checks them.",
  }),
  DROVER_CORS_ORIGINS: list({
    default: [],
    entry: {
      accepts: (text) => /^https?:\/\/[a-z0-9.:[\]-]+$/i.test(text) && URL.canParse(text),
      expected: "origins, as http://localhost:5173, with scheme and port but no path, and no `*`",
    },
    reader: "api",
    help: "Origins whose pages may use the api from a browser, separated by commas, as `http://localhost:5173`. Pages of the api's own origin always may.",
  }),
  DROVER_ADMIN_KEY: optionalText({
    reader: "api",
    help: "Opens the operators' board from other hosts: `Authorization: Bearer <key>`, or the password of HTTP Basic. Without it the board answers on loopback only.",
  }),
  DROVER_API_DRAIN_TIMEOUT: duration({
    default: 10 * SECOND,
    min: 0,
    max: HOUR,
    reader: "api",
    help: "How long a stopping api waits for requests under way.",
  }),
  DROVER_PROCESSORS: list({
    default: ["@drover/processor-moodle-log", "@drover/processor-checksum"],
    reader: "worker",
    help: "Processors to serve: module names or paths, separated by commas; `built-in` for those that Drover brings.",
  }),
  DROVER_CONCURRENCY: integer({
    default: 2,
    min: 1,
    max: 256,
    reader: "worker",
    help: "Attempts at a time for each processor.",
  }),
  DROVER_WORKER_PORT: integer({
    default: -1,
    min: -1,
    max: 65_535,
    reader: "worker",
    help: "Port of the worker's own `/livez` and `/readyz`; -1 for none, 0 picks a free one.",
  }),
  DROVER_DRAIN_TIMEOUT: duration({
    default: 30 * SECOND,
    min: 0,
    max: DAY,
    reader: "worker",
    help: "How long a stopping worker lets running attempts end before it gives them back to the queue.",
  }),
  DROVER_CHILD_MAX_ATTEMPTS: integer({
    default: 100,
    min: 1,
    max: 1_000_000,
    reader: "worker",
    help: "Attempts that one child process runs before it is replaced.",
  }),
  DROVER_RETRY_BASE_DELAY: duration({
    default: 20 * SECOND,
    min: 0,
    max: DAY,
    reader: "worker",
    help: "Upper bound of the wait after a first failed attempt; the wait itself is drawn from 0 up to it, so that jobs that fail together do not return together. Doubles with each further one.",
  }),
  DROVER_RETRY_MAX_DELAY: duration({
    default: 5 * MINUTE,
    min: 0,
    max: DAY,
    reader: "worker",
    help: "Upper bound of any wait between attempts.",
  }),
  DROVER_RETENTION_COMPLETED: duration({
    default: 7 * DAY,
    min: SECOND,
    max: 3650 * DAY,
    reader: "both",
    help: "How long a completed job and its artifacts are kept.",
  }),
  DROVER_RETENTION_FAILED: duration({
    default: 7 * DAY,
    min: SECOND,
    max: 3650 * DAY,
    reader: "both",
    help: "How long a failed or cancelled job and its input are kept.",
  }),
  DROVER_SWEEP_INTERVAL: duration({
    default: MINUTE,
    min: 100,
    max: DAY,
    reader: "worker",
    help: "Time between two sweeps: expired jobs, files without a job, jobs without a file.",
  }),
  DROVER_ORPHAN_GRACE: duration({
    default: HOUR,
    min: 0,
    max: 30 * DAY,
    reader: "worker",
    help: "Age at which a file that belongs to no job is removed, and what a killed process left of an upload (2 minutes at least); longer than the longest upload.",
  }),
});

/** The values of all settings, by variable name. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;
export type SettingName = keyof Settings;

/** The settings of an empty environment. */
export const DEFAULTS: Settings = settingsSchema.parse({});

/** What is known of each setting, in the order of the table. */
export const SETTINGS = Object.fromEntries(
  Object.entries(settingsSchema.shape).map(([name, schema]) => [name, settingInfos.get(schema)]),
) as Readonly<Record<SettingName, SettingInfo>>; // each schema was made by a function that registers it
