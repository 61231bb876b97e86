/** One family of metrics, as Prometheus has them. */
export interface Family<L extends readonly string[] = readonly string[]> {
  readonly type: "counter" | "gauge" | "histogram";
  /** Without its full stop. */
  readonly help: string;
  readonly labels: L;
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

type Labels = readonly string[];

function counter<const L extends Labels>(help: string, ...labels: L) {
  return { type: "counter", help, labels } as const satisfies Family;
}

function gauge<const L extends Labels>(help: string, ...labels: L) {
  return { type: "gauge", help, labels } as const satisfies Family;
}

function histogram<const L extends Labels>(buckets: readonly number[], help: string, ...labels: L) {
  return { type: "histogram", help, labels, buckets } as const satisfies Family;
}

/** From half a millisecond to a minute: answers of a server. */
const ANSWERS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
/** From ten milliseconds to a day: jobs. */
const JOBS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const ROUND_TRIPS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** What an api shows. Every api says the same of the queue, so rules and panels take the `max` of those. */
export const API_FAMILIES = {
  drover_jobs: gauge(
    "Jobs that Redis knows: waiting, delayed, active, completed, failed (cancelled ones too)",
    "processor",
    "state",
  ),
  drover_oldest_waiting_seconds: gauge(
    "How long the one has waited that has waited longest of those that could run; 0 when none waits",
    "processor",
  ),
  drover_workers: gauge("Live workers that serve the processor", "processor"),
  drover_slots: gauge("Attempts that its live workers run at a time", "processor"),
  drover_redis_durable: gauge(
    "Whether Redis keeps an append-only file (everysec or always); absent when it does not say",
  ),
  drover_redis_used_memory_bytes: gauge("Memory that Redis uses"),
  drover_redis_max_memory_bytes: gauge("The maxmemory of Redis; 0 for no limit"),
  drover_http_requests_total: counter(
    "Requests by route template (none: nothing is there) and status (gone: the client was, before the answer)",
    "method",
    "route",
    "status",
  ),
  drover_http_request_duration_seconds: histogram(
    ANSWERS,
    "Time to the end of the answer; without long polls and streams, which are held open on purpose",
    "method",
    "route",
  ),
  drover_held_requests: gauge("Requests that are held open now: long_poll, event_stream", "kind"),
  drover_jobs_submitted_total: counter(
    "Submits that this api put into the queue, those that found their job there too",
    "processor",
  ),
} as const;

/** What a worker shows: what it did itself. */
export const WORKER_FAMILIES = {
  drover_attempts_ended_total: counter(
    "Attempts by outcome: completed, failed (code says why), cancelled, released (drained), lost (not recorded)",
    "processor",
    "outcome",
    "code",
  ),
  drover_attempt_retries_total: counter("Failed attempts that another one follows", "processor", "code"),
  drover_job_wait_seconds: histogram(
    JOBS,
    "From when a job could run to the start of its first attempt",
    "processor",
  ),
  drover_attempt_duration_seconds: histogram(
    JOBS,
    "From the start of an attempt to its recorded outcome, whatever that is",
    "processor",
  ),
  drover_attempts_running: gauge("Attempts that run now", "processor"),
  drover_worker_ready: gauge("Whether the worker takes jobs"),
  drover_workers_lost_total: counter(
    "Jobs that this worker found without the worker that had run them",
    "processor",
  ),
  drover_children: gauge("Child processes: busy, idle", "processor", "state"),
  drover_children_resident_memory_bytes: gauge(
    "Resident memory of its child processes together, without what these have started",
    "processor",
  ),
  drover_webhook_attempts_total: counter(
    "Attempts at webhook deliveries by what these are then (delivered, pending: tried again, failed) and by problem",
    "status",
    "problem",
  ),
  drover_webhook_duration_seconds: histogram(
    ANSWERS,
    "How long a webhook's receiver took to answer, or to fail",
  ),
  drover_sweeps_total: counter("Sweeps that it did: whole, or partial when a part of one failed", "result"),
  drover_sweep_duration_seconds: histogram(ANSWERS, "How long a sweep took"),
  drover_swept_total: counter("What sweeps did, reconciling included, by kind", "what"),
  drover_stored_bytes: gauge(
    "Bytes of inputs and of artifacts when it last saw all of them; absent where it does not sweep",
    "kind",
  ),
} as const;

/** What both show. */
export const SHARED_FAMILIES = {
  drover_build_info: gauge("Always 1", "process", "version"),
  drover_redis_up: gauge("Whether Redis answers; while it does not, what is asked of it is absent"),
  drover_redis_round_trip_seconds: histogram(ROUND_TRIPS, "Time from a request to Redis to its answer"),
  drover_redis_errors_total: counter(
    "Requests to Redis that failed: not_connected, no_answer, refused",
    "reason",
  ),
  drover_jobs_late_total: counter(
    "Jobs that this process failed as queue_timeout: they waited too long for a first attempt",
    "processor",
  ),
  drover_storage_size_bytes: gauge("Size of the device that the storage is on"),
  drover_storage_free_bytes: gauge("What may still be written to it"),
  process_cpu_seconds_total: counter("Processor time of this process"),
  process_resident_memory_bytes: gauge("Resident memory of this process"),
  process_start_time_seconds: gauge("When it started, since the epoch"),
  nodejs_eventloop_lag_mean_seconds: gauge("How late the event loop was since the last scrape, on average"),
  nodejs_eventloop_lag_p99_seconds: gauge("The same, the 99th percentile"),
  nodejs_eventloop_lag_max_seconds: gauge("The same, at worst"),
} as const;

/**
 * Every family, once: names and units by Prometheus' conventions. The table in docs/operations.md is printed
 * from it.
 */
export const FAMILIES = { ...API_FAMILIES, ...WORKER_FAMILIES, ...SHARED_FAMILIES } as const;

export type FamilyName = keyof typeof FAMILIES;
