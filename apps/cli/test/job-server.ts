import type { IncomingMessage, ServerResponse } from "node:http";
import type { Job } from "@drover/client";
import { jobOf, serve } from "./fixtures.js";

export interface JobServer {
  readonly url: string;
  /** The jobs, newest first. */
  readonly jobs: Job[];
  /** `METHOD path` of what was asked for, the reads of one job aside. */
  readonly requests: readonly string[];
}

export interface JobServerOptions {
  /** Jobs of a page at most, whatever is asked for. */
  readonly page?: number;
  /** Codes of refusal for what is done to a job, by its id. */
  readonly refusals?: Readonly<Record<string, string>>;
  /** Called before each request is answered. */
  readonly onRequest?: (request: IncomingMessage, jobs: Job[]) => void;
}

/** The id of job number `n`. */
export function idOf(n: number): string {
  return `01990000-0000-7000-8000-${String(n).padStart(12, "0")}`;
}

/** Lists, reads, retries and deletes jobs as the api does, its cursor being the id of the last one. */
export async function jobServer(
  made: readonly Partial<Job>[],
  options: JobServerOptions = {},
): Promise<JobServer> {
  const jobs = made.map((members, i) => jobOf({ job_id: idOf(made.length - i), ...members }));
  const requests: string[] = [];
  const url = await serve((request, response) => {
    request.resume();
    options.onRequest?.(request, jobs);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const [, , , id = "", action] = pathname.split("/");
    if (request.method !== "GET" || id === "") requests.push(`${request.method} ${request.url}`);
    if (id === "") return answer(response, 200, pageOf(jobs, searchParams, options.page ?? 200));
    const at = jobs.findIndex(({ job_id }) => job_id === id);
    const job = jobs[at];
    const code = job === undefined ? "job_not_found" : options.refusals?.[id];
    if (code !== undefined && (job === undefined || request.method !== "GET"))
      return answer(response, 410, { code, detail: `Refused: ${code}.` });
    if (action === "events") return answer(response, 404, { code: "route_not_found", detail: "No." });
    if (request.method === "DELETE") {
      jobs.splice(at, 1);
      response.writeHead(204).end();
    } else
      answer(response, action === "retry" ? 202 : 200, { ...job, ...(action ? { status: "queued" } : {}) });
  });
  return { url, jobs, requests };
}

function pageOf(jobs: readonly Job[], query: URLSearchParams, most: number) {
  const cursor = query.get("cursor");
  const limit = Math.min(most, Number(query.get("limit") ?? 50));
  const matching = jobs.filter(
    (job) => (cursor === null || job.job_id < cursor) && (query.get("status") ?? job.status) === job.status,
  );
  const page = matching.slice(0, limit);
  return { jobs: page, next_cursor: matching.length > limit ? page.at(-1)?.job_id : null };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
