import { randomUUID } from "node:crypto";
import { DEFAULT_TENANT, type JobId, type JobRequest, parseJobId } from "@drover/core";
import { inputKey } from "@drover/job-files";

/** An id that no job has. */
export function newJobId(): JobId {
  return parseJobId(randomUUID());
}

/** A job request with an id and an input of its own, for processor `copy`; `change` says what matters to the test. */
export function newRequest(change: Partial<JobRequest> = {}): JobRequest {
  return {
    id: newJobId(),
    tenant: DEFAULT_TENANT,
    processor: "copy",
    input: {
      key: inputKey(randomUUID()),
      filename: "input.txt",
      sizeBytes: 10,
      mediaType: "text/plain",
      sha256: "0".repeat(64),
    },
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
