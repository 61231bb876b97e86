import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Writable } from "node:stream";
import type { Job } from "@drover/client";
import { onTestFinished } from "vitest";

export const JOB_ID = "01990000-0000-7000-8000-000000000000";

/** A job as the api shows it. */
export function jobOf(members: Partial<Job> = {}): Job {
  const time = "2026-01-01T00:00:00.000Z";
  return {
    job_id: JOB_ID,
    processor: "checksum",
    status: "queued",
    progress: 0,
    stage: null,
    message: null,
    attempt: 1,
    max_attempts: 3,
    priority: 0,
    waiting: null,
    created_at: time,
    updated_at: time,
    started_at: null,
    completed_at: null,
    expires_at: null,
    input: { filename: "a.csv", size_bytes: 3, media_type: "text/csv", sha256: "a".repeat(64) },
    params: {},
    tags: {},
    result: null,
    artifacts: [],
    error: null,
    links: { self: "/a", events: "/e", cancel: "/c", download: "/d" },
    ...members,
  };
}

/** A stream that keeps what was written, as a terminal of 60 columns and 10 rows or as a pipe. */
export class Screen extends Writable {
  readonly columns = 60;
  readonly rows = 10;
  readonly isTTY: boolean;
  text = "";

  constructor(options: { readonly isTTY: boolean }) {
    super({ decodeStrings: false });
    this.isTTY = options.isTTY;
  }

  override _write(chunk: string, _: BufferEncoding, done: () => void): void {
    this.text += chunk;
    done();
  }
}

/** Address of a real HTTP server that lives as long as the test. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
