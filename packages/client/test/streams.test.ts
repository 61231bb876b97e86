import { expect, test } from "vitest";
import { createClient, UnexpectedAnswerError, UnreachableError } from "../src/index.js";
import { JOB_ID, jobOf, json, problem, type Reply, scriptedServer } from "./scripted-server.js";

const head = { job_id: JOB_ID, processor: "checksum", at: "2026-01-01T00:00:00.000Z" };
const running = jobOf({ status: "running", attempt: 1, waiting: null });
const completed = jobOf({ status: "completed", progress: 100, completed_at: head.at });

const events =
  (...blocks: readonly string[]): Reply =>
  (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.end(`retry: 3000\n\n${blocks.join("")}`);
  };
const event = (name: string, data: unknown, id?: string) =>
  `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
const progressOf = (progress: number, id: string) =>
  event("progress", { ...head, attempt: 1, progress, stage: "half", message: null }, id);

/** What a watcher saw, and what was asked for on the way: `stream` or how long a poll was held. */
async function watched(options: { readonly firstEventMs?: number }, ...replies: readonly Reply[]) {
  const server = await scriptedServer(...replies);
  const seen: string[] = [];
  const job = await createClient({ baseUrl: server.url }).wait(JOB_ID, {
    ...options,
    onUpdate: ({ status, progress }) => seen.push(`${status} ${progress}`),
  });
  expect(job.status).toBe("completed");
  const asked = server.requests.map((request) => /wait=\d+/.exec(request)?.[0] ?? "stream");
  return { seen, asked };
}

test("a stream goes on where it broke off, and ends with the job", async () => {
  const lastIds: (string | undefined)[] = [];
  const noting =
    (reply: Reply): Reply =>
    (request, response, body) => {
      lastIds.push(request.headers["last-event-id"] as string | undefined);
      reply(request, response, body);
    };
  const server = await scriptedServer(
    noting(events(event("snapshot", jobOf()), event("status", { ...head, status: "running" }, "5-0"))),
    noting(problem(503, "draining", { "retry-after": "0" })),
    noting(events(progressOf(40, "6-0"), event("later", {}, "7-0"), event("status", completed, "8-0"))),
  );
  const told: unknown[] = [];
  for await (const { type } of createClient({ baseUrl: server.url }).stream(JOB_ID)) told.push(type);
  expect(told).toEqual(["snapshot", "status", "progress", "ended"]);
  expect(lastIds).toEqual([undefined, "5-0", "5-0"]);
});

test("a stream of many jobs tells of each, and goes on where it broke off", async () => {
  const page = { jobs: [running], next_cursor: null };
  const server = await scriptedServer(
    events(event("snapshot", page), progressOf(40, "checksum:6-0")),
    events(
      event("status", completed, "checksum:7-0"),
      event("status", { ...head, status: "queued" }, "c:8-0"),
    ),
    problem(400, "invalid_request"),
  );
  const told: unknown[] = [];
  const filter = { processor: "checksum", tag: { course: "CS101" } };
  const streaming = (async () => {
    for await (const { type } of createClient({ baseUrl: server.url }).streamAll(filter)) told.push(type);
  })();
  await expect(streaming).rejects.toMatchObject({ code: "invalid_request" });
  expect(told).toEqual(["snapshot", "progress", "ended", "status"]);
  expect(server.requests[0]).toBe("GET /api/events?processor=checksum&tag.course=CS101");
});

test("a stream whose events are of another shape is told as an unexpected answer", async () => {
  const server = await scriptedServer(events("event: snapshot\ndata: <h1>\n\n"));
  const next = createClient({ baseUrl: server.url }).stream(JOB_ID)[Symbol.asyncIterator]().next();
  await expect(next).rejects.toBeInstanceOf(UnexpectedAnswerError);
});

test("a stream that opens and never says a word is given up, not followed for ever", async () => {
  const server = await scriptedServer((_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).end(),
  );
  const stream = createClient({ baseUrl: server.url }).stream(JOB_ID, { giveUpAfterMs: 600 });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(UnreachableError);
});

test("waiting follows the stream, and a watcher is told of each change", async () => {
  const { seen, asked } = await watched(
    {},
    events(event("snapshot", running), progressOf(40, "6-0"), event("status", completed, "8-0")),
  );
  expect(seen).toEqual(["running 0", "running 40", "completed 100"]);
  expect(asked).toEqual(["stream"]);
});

const page =
  (status: number): Reply =>
  (_, response) =>
    response.writeHead(status, { "content-type": "text/html" }).end("<h1>No</h1>");

test.each<readonly [string, Reply]>([
  ["a server that has none, in a problem document", problem(404, "route_not_found")],
  ["a server that has another method there", problem(405, "method_not_allowed")],
  ["a proxy's 404", page(404)],
  ["a proxy's 501", page(501)],
  ["a server's 501", problem(501, "internal")],
  ["a page that says all is well", page(200)],
  ["JSON in place of events", json(200, running)],
])("where a stream is refused by %s, the job is polled", async (_, refusal) => {
  const { seen, asked } = await watched(
    {},
    refusal,
    json(200, running),
    json(200, running),
    json(200, completed),
  );
  expect(seen).toEqual(["running 0", "running 0", "completed 100"]);
  expect(asked).toEqual(["stream", "wait=0", "wait=1", "wait=1"]);
});

test.each<readonly [string, Reply]>([
  [
    "a proxy that holds the events back",
    (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("retry: 3000\n\n:\n\n");
    },
  ],
  ["a proxy that holds all of the answer back", () => {}],
])("where the first event does not come, by %s, the job is polled", async (_, silent) => {
  const { seen, asked } = await watched(
    { firstEventMs: 50 },
    silent,
    json(200, running),
    json(200, completed),
  );
  expect(seen).toEqual(["running 0", "completed 100"]);
  expect(asked).toEqual(["stream", "wait=0", "wait=1"]);
});

test("where a stream breaks off, the job is read and its stream opened anew", async () => {
  const { seen, asked } = await watched(
    {},
    (request, response, body) => {
      events(event("snapshot", running), progressOf(20, "6-0"))(request, response, body);
      response.destroy();
    },
    json(200, running),
    events(event("snapshot", running), progressOf(40, "7-0")),
    json(200, running),
    events(event("snapshot", running), event("status", completed, "8-0")),
  );
  expect(seen.at(-1)).toBe("completed 100");
  expect(asked).toEqual(["stream", "wait=0", "stream", "wait=1", "stream"]);
});

test("a stream that fails time after time before its first event is given up for polling", async () => {
  const bad = page(502);
  const { asked } = await watched(
    {},
    ...[bad, json(200, running), bad, json(200, running), bad, json(200, running), json(200, completed)],
  );
  expect(asked).toEqual(["stream", "wait=0", "stream", "wait=1", "stream", "wait=1", "wait=1"]);
});

test("what a server says of the job itself ends the wait, on a stream as on a poll", async () => {
  const server = await scriptedServer(events(event("snapshot", running)), problem(404, "job_not_found"));
  await expect(createClient({ baseUrl: server.url }).wait(JOB_ID)).rejects.toMatchObject({
    code: "job_not_found",
  });
});

test("an abort ends a wait that follows a stream, with its reason", async () => {
  const stop = new AbortController();
  const server = await scriptedServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event("snapshot", running));
  });
  const waiting = createClient({ baseUrl: server.url }).wait(JOB_ID, {
    onUpdate: () => stop.abort("enough"),
    signal: stop.signal,
  });
  await expect(waiting).rejects.toBe("enough");
});
