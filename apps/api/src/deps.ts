import type { BlobStore, EventSink, JobId, Log, QueuePorts, ReceiverPolicy, TenantPorts } from "@drover/core";
import type { Installation } from "@drover/job-files";
import type { BrowserSessions } from "./access/browser-sessions.js";
import type { Callers } from "./access/callers.js";
import type { JobTokens } from "./access/job-tokens.js";
import type { LimitDirectory } from "./access/limit-directory.js";
import type { Admission } from "./operations/admission.js";
import type { StorageSharing } from "./operations/storage-sharing.js";
import type { ParamsCheck } from "./processors/params-check.js";
import type { ProcessorDirectory } from "./processors/processor-directory.js";

/** All that the handlers need of the world, as the request's caller sees it. */
export interface Deps {
  /** Who owns what the request makes, and whose jobs it sees. */
  readonly tenant: string;
  /** Whether it sees those of all tenants instead: an admin's. */
  readonly seesAll: boolean;
  readonly callers: Callers;
  readonly sessions: BrowserSessions;
  readonly tenantLimits: LimitDirectory;
  readonly jobTokens: JobTokens;
  readonly queue: TenantPorts &
    Pick<
      QueuePorts,
      | "of"
      | "facts"
      | "dispatch"
      | "finished"
      | "health"
      | "apiKeys"
      | "audit"
      | "minutes"
      | "use"
      | "catalogue"
      | "storageHistory"
    >;
  readonly store: BlobStore;
  /** Whether Redis and store belong together; asked before anything is accepted or erased. */
  readonly installation: Pick<Installation, "confirm" | "state">;
  readonly sharing: StorageSharing;
  readonly processors: ProcessorDirectory;
  readonly admission: Admission;
  readonly checkParams: ParamsCheck;
  readonly log: Log;
  /** Told of each request. */
  readonly events: EventSink;
  readonly limits: Limits;
  /** Which receivers webhooks may call. */
  readonly receivers: ReceiverPolicy;
  readonly version: string;
  /** Wall time, ms since the epoch. */
  readonly now: () => number;
  readonly newJobId: () => JobId;
  /** Random, unguessable, fit for a blob key. */
  readonly newUploadId: () => string;
  /** When the process started, ms since the epoch. */
  readonly startedAt: number;
  /** Aborted when the process begins to stop: no new job, no long wait. */
  readonly stopping: AbortSignal;
  /** Fault tests stop here; absent in production. Names: `stored`, `enqueued`. */
  readonly failpoint?: (name: "stored" | "enqueued") => Promise<void>;
}

export interface Limits {
  readonly maxUploadBytes: number;
  /** How long a finished job is kept, in ms. */
  readonly retentionMs: { readonly completed: number; readonly failed: number };
  /** Longest time in which fewer than 1 KiB of a request's body arrive, in ms. */
  readonly uploadStallMs: number;
}
