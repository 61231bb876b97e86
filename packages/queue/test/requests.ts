import { randomUUID } from "node:crypto";
import { type JobRequest, type Log, parseJobId } from "@drover/core";

/** A job request with an id of its own; `change` says what matters to the test. */
export function newRequest(change: Partial<JobRequest> = {}): JobRequest {
  return {
    id: parseJobId(randomUUID()),
    processor: "copy",
    input: { key: "inputs/u/file", filename: "a.txt", sizeBytes: 1, mediaType: "text/plain", sha256: "00" },
    params: {},
    tags: {},
    priority: 0,
    runAt: null,
    maxAttempts: 3,
    timeoutMs: null,
    queueTimeoutMs: null,
    fingerprint: null,
    requestId: null,
    createdAt: Date.now(),
    ...change,
  };
}

/** Keeps quiet: the tests look at the jobs. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
