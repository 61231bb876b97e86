import type { JobId } from "@drover/core";

/** Name of the fact that a job expired, for 410 instead of 404; its value is the time of expiry in RFC 3339. */
export function tombstone(id: JobId): string {
  return `expired:${id}`;
}
