import { DomainError, type QueueHealth, type QueueServer } from "@drover/core";

/** Decides whether one more job fits, before its file is read. */
export interface Admission {
  /**
   * Throws `at_capacity` when the processor's queue or Redis's memory is too full, `redis_unavailable` when
   * neither can be known.
   */
  admit(processor: string): Promise<void>;
  /**
   * Receives an upload while fewer than `maxUploads` others are: each takes a connection, a descriptor and up to
   * 3 MiB.
   * @throws `at_capacity` at once when there are as many.
   */
  holdUpload<T>(receive: () => Promise<T>): Promise<T>;
}

export interface AdmissionOptions {
  readonly health: QueueHealth;
  /** Queued jobs of one processor. */
  readonly maxQueued: number;
  /** That this process receives at a time. */
  readonly maxUploads: number;
  /** Monotonic, in ms. */
  readonly monotonicMs: () => number;
}

/**
 * Past this share of `maxmemory` a full Redis is near, and a full Redis completes no job at all (noeviction
 * refuses every write).
 */
const MEMORY_SHARE = 0.75;
const INSPECT_EVERY_MS = 1_000;

/** Admission by queue length and by Redis's memory; the latter is asked at most once a second. */
export function createAdmission(options: AdmissionOptions): Admission {
  let inspected: { readonly at: number; readonly server: Promise<QueueServer> } | undefined;
  const inspect = () => {
    const now = options.monotonicMs();
    if (inspected === undefined || now - inspected.at >= INSPECT_EVERY_MS) {
      const server = options.health.inspect();
      inspected = { at: now, server };
      server.catch(() => {
        inspected = undefined; // the next submit asks again
      });
    }
    return inspected.server;
  };
  let uploads = 0;
  return {
    async holdUpload(receive) {
      if (uploads >= options.maxUploads) throw tooManyUploads(uploads);
      uploads++;
      try {
        return await receive();
      } finally {
        uploads--;
      }
    },
    async admit(processor) {
      const [server, depth] = await Promise.all([inspect(), options.health.depth(processor)]);
      if (server.maxMemoryBytes > 0 && server.usedMemoryBytes > MEMORY_SHARE * server.maxMemoryBytes) {
        throw new DomainError(
          "at_capacity",
          "The queue's memory is nearly full. Nothing was stored; try again later.",
          { retryAfterS: 10 },
        );
      }
      if (depth.queued >= options.maxQueued) {
        throw new DomainError(
          "at_capacity",
          `${depth.queued} jobs of ${processor} wait already. Nothing was stored; try again later.`,
          { retryAfterS: 10 },
        );
      }
    },
  };
}

function tooManyUploads(uploads: number): DomainError {
  return new DomainError(
    "at_capacity",
    `This process receives ${uploads} uploads already. Nothing was stored; try again shortly.`,
    { retryAfterS: 2 },
  );
}

/** Throws `draining` once the process has begun to stop. */
export function assertNotStopping({ stopping }: { readonly stopping: AbortSignal }): void {
  if (!stopping.aborted) return;
  throw new DomainError("draining", "This process is stopping and takes no new work; another one will.", {
    retryAfterS: 1,
  });
}
