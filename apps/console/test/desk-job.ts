import type { Job } from "@drover/client";

/** A job as the api tells it, over one that is queued. */
export function deskJob(members: Partial<Job> = {}): Job {
  return {
    job_id: "01990000-0000-7000-8000-000000000001",
    ...{ processor: "checksum", status: "queued", progress: 0, stage: null, message: null },
    ...{ attempt: 0, max_attempts: 3, priority: 0, waiting: null },
    ...{ created_at: "2026-01-01T10:00:00.000Z", updated_at: "2026-01-01T10:00:00.000Z" },
    ...{ started_at: null, completed_at: null, expires_at: null },
    input: { filename: "log.csv", size_bytes: 1, media_type: "text/csv", sha256: "0".repeat(64) },
    ...{ params: {}, tags: {}, result: null, artifacts: [], error: null },
    links: { self: "", events: "", cancel: "", download: "" },
    ...members,
  };
}

/** A job's id with this number at its end. */
export function idOf(number: number): string {
  return `01990000-0000-7000-8000-${String(number).padStart(12, "0")}`;
}
