import { expect, test } from "vitest";
import { createClient, ProblemError, UnexpectedAnswerError, UnreachableError } from "../src/index.js";
import { JOB_ID, jobOf, json, problem, type Reply, scriptedServer } from "./scripted-server.js";

const html =
  (status: number, body: string): Reply =>
  (_, response) =>
    response.writeHead(status, { "content-type": "text/html" }).end(body);

async function failureOf(
  reply: Reply,
  call = (client: ReturnType<typeof createClient>) => client.get(JOB_ID),
) {
  const server = await scriptedServer(reply);
  const error = await call(createClient({ baseUrl: server.url })).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error: error as UnexpectedAnswerError, url: server.url };
}

test.each<readonly [string, Reply, string]>([
  ["a page where JSON was expected", html(200, "<h1>Log in</h1>"), "<h1>Log in</h1>"],
  ["an empty body", html(200, ""), ""],
  ["JSON that ends too early", html(200, '{"job_id":"0199'), '{"job_id":"0199'],
  ["JSON of another program", json(200, { hello: "world" }), '{"hello":"world"}'],
  ["a job that lacks a member", json(200, { ...jobOf(), status: undefined }), '{"job_id":'],
  ["null", json(200, null), "null"],
  ["a proxy's error page", html(502, "<h1>Bad\u001b[31m gateway</h1>\n"), "<h1>Bad [31m gateway</h1>"],
  ["a problem of somebody else", json(404, { type: "about:blank", title: "No" }), '{"type":'],
])(
  "%s is an error with a name, the status, the address and the first characters",
  async (_, reply, begin) => {
    const { error, url } = await failureOf(reply, (client) => client.get(JOB_ID, { include: "timeline" }));
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect(error.url).toBe(`${url}/api/jobs/${JOB_ID}`); // without the query
    expect(error.excerpt.startsWith(begin)).toBe(true);
    expect(error.excerpt.length).toBeLessThanOrEqual(200);
    expect(error.message).toMatch(/answered (200|404|502) with .*, which is no answer of a Drover server\.$/);
    expect(error.cause).toBeInstanceOf(Error);
  },
);

test("a long page is told by its first 200 characters", async () => {
  const { error } = await failureOf(html(200, "x ".repeat(50_000)));
  expect(error.excerpt).toHaveLength(200);
  expect(error.excerpt.endsWith("…")).toBe(true);
});

test("a page in place of a download is told, and not taken for the file", async () => {
  const { error, url } = await failureOf(html(200, "<h1>Log in</h1>"), async (client) => {
    await (await client.download(JOB_ID)).body.cancel();
    return Promise.reject(new Error("was taken"));
  });
  expect(error).toBeInstanceOf(UnexpectedAnswerError);
  expect(error).toMatchObject({
    status: 200,
    url: `${url}/api/jobs/${JOB_ID}/download`,
    excerpt: "<h1>Log in</h1>",
  });
});

test("a connection that breaks within an answer or a download is unreachable, as one that never was", async () => {
  const broken: Reply = (_, response) => {
    response.writeHead(200, { "content-length": "1000", "content-disposition": "attachment" });
    response.write('{"job_id":', () => response.destroy());
  };
  expect((await failureOf(broken)).error).toBeInstanceOf(UnreachableError);
  const { error } = await failureOf(broken, async (client) => {
    await new Response((await client.download(JOB_ID)).body).text();
    return Promise.reject(new Error("arrived"));
  });
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error.cause).toBeInstanceOf(Error);
});

test("waiting bears with a proxy's error page, not with a page that says all is well", async () => {
  const page: Reply = (_, response) =>
    response.writeHead(502, { "retry-after": "0" }).end("<h1>Bad gateway</h1>");
  const server = await scriptedServer(page, page, json(200, jobOf({ status: "completed" })));
  expect((await createClient({ baseUrl: server.url }).wait(JOB_ID)).status).toBe("completed");
  const other = await scriptedServer(html(200, "<h1>Log in</h1>"));
  await expect(createClient({ baseUrl: other.url }).wait(JOB_ID)).rejects.toBeInstanceOf(
    UnexpectedAnswerError,
  );
  expect(other.requests).toEqual([`GET /api/jobs/${JOB_ID}/events`, `GET /api/jobs/${JOB_ID}?wait=0`]);
});

test("a refusal needs a code and a detail, and keeps whatever else it says", async () => {
  const refusal = { code: "moon_phase", detail: "Not tonight.", moon: "full" };
  const { error } = await failureOf(json(409, refusal));
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ status: 409, code: "moon_phase", message: "Not tonight.", problem: refusal });
});

test("words and members that this version does not know are passed on", async () => {
  const later = jobOf({
    status: "archived",
    completed_at: "2026-01-01T00:00:00Z",
    waiting: { reason: "eclipse", position: null, until: null, moon: "full" },
    error: { code: "sunspots", message: "Too bright.", retryable: true },
    timeline: [{ type: "moved", at: "2026-01-01T00:00:00.000000Z", code: "sunspots", to: "x" }],
    input: { filename: "a.csv", size_bytes: 3, media_type: "text/csv", sha256: "not hexadecimal", pages: 2 },
    mood: "good",
  });
  const noStream = problem(404, "route_not_found");
  const replies = [json(200, later), noStream, json(203, later), problem(404, "job_not_found")];
  const server = await scriptedServer(...replies);
  const client = createClient({ baseUrl: server.url });
  expect(await client.get(JOB_ID)).toEqual(later);
  expect(await client.wait(JOB_ID)).toEqual(later); // it has a time of completion: the status is terminal
});

test.each(["", "nonsense", "ftp://x", "http://user:secret@127.0.0.1", "http://x/?key=secret"])(
  "%j is no address of a server, told without repeating it",
  (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(TypeError);
    expect(() => createClient({ baseUrl })).not.toThrow("secret");
    expect(() => createClient({ baseUrl })).toThrow("as http://127.0.0.1:8000");
  },
);
