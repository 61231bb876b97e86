import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** Answers one request. */
export type Reply = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface ScriptedServer {
  readonly url: string;
  /** `METHOD path?query` of each request, in order. */
  readonly requests: readonly string[];
}

/** A real HTTP server that gives the replies in turn, the last one for ever; closed when the test ends. */
export async function scriptedServer(...replies: readonly Reply[]): Promise<ScriptedServer> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const reply = replies[Math.min(requests.length, replies.length - 1)];
    requests.push(`${request.method} ${request.url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    reply?.(request, response, Buffer.concat(chunks));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, requests };
}

/** Answers JSON. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
}

/** A problem document as the api sends it. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  return json(
    status,
    {
      type: `/problems/${code}`,
      title: code,
      status,
      detail: `Refused: ${code}.`,
      instance: "/x",
      code,
      request_id: "r",
      timestamp: "2026-01-01T00:00:00.000Z",
      error: code,
      path: "/x",
    },
    headers,
  );
}

export const JOB_ID = "01990000-0000-7000-8000-000000000000";

/** A job as the api shows it. */
export function jobOf(members: Record<string, unknown> = {}): Record<string, unknown> {
  const time = "2026-01-01T00:00:00.000Z";
  return {
    job_id: JOB_ID,
    processor: "checksum",
    status: "queued",
    progress: 0,
    stage: null,
    message: null,
    attempt: 0,
    max_attempts: 3,
    priority: 0,
    waiting: { reason: "worker", position: 1, until: null },
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
    links: { self: "/a", events: "/b", cancel: "/c", download: "/d" },
    ...members,
  };
}
