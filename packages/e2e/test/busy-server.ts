import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export const JOB_ID = "01990000-0000-7000-8000-000000000000";

/** Address of a real HTTP server that lives as long as the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A job that runs for ever. */
function running(): Record<string, unknown> {
  const at = "2026-01-01T00:00:00.000Z";
  return {
    ...{
      job_id: JOB_ID,
      processor: "checksum",
      status: "running",
      progress: 40,
      stage: "read",
      message: null,
    },
    ...{
      attempt: 1,
      max_attempts: 3,
      priority: 0,
      waiting: null,
      created_at: at,
      updated_at: at,
      started_at: at,
    },
    ...{
      completed_at: null,
      expires_at: null,
      params: {},
      tags: {},
      result: null,
      artifacts: [],
      error: null,
    },
    input: { filename: "a.csv", size_bytes: 4, media_type: "text/csv", sha256: "a".repeat(64) },
    links: { self: "/a", events: "/e", cancel: "/c", download: "/d" },
  };
}

/** A server whose job runs for ever, and whose list has 200 of them. */
export function busyServer(): Promise<string> {
  return serve((request, response) => {
    request.resume();
    const isList = request.url?.startsWith("/api/jobs?") === true;
    const body = isList ? { jobs: Array.from({ length: 200 }, running), next_cursor: null } : running();
    const delayMs = request.url?.includes("wait=1") === true ? 200 : 0;
    setTimeout(
      () => response.writeHead(request.method === "POST" ? 202 : 200).end(JSON.stringify(body)),
      delayMs,
    );
  });
}
