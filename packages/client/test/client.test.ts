import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createClient, ProblemError, UnreachableError } from "../src/index.js";
import { JOB_ID, jobOf, json, problem, scriptedServer } from "./scripted-server.js";

test("a submit sends the fields before the file, whose bytes and name arrive unchanged", async () => {
  let form = "";
  const server = await scriptedServer((_, response, body) => {
    form = body.toString("latin1");
    json(202, jobOf())(_, response, body);
  });
  const client = createClient({ baseUrl: `${server.url}/` });
  const options = {
    params: { timezone: "UTC" },
    tags: { course: "CS101" },
    priority: 5,
    filename: "log é.csv",
  };
  const job = await client.submit("checksum", new Blob(["a,b\n1,2\n"]), options);
  expect(job.job_id).toBe(JOB_ID);
  expect(server.requests).toEqual(["POST /api/processors/checksum/jobs"]);
  const names = [...form.matchAll(/form-data; name="([a-z_]+)"/g)].map((match) => match[1]);
  expect(names).toEqual(["params", "tags", "priority", "file"]);
  expect(form).toContain('{"timezone":"UTC"}');
  expect(form).toContain("\r\n\r\na,b\n1,2\n\r\n");
  expect(Buffer.from(form, "latin1").toString()).toContain('filename="log é.csv"');
});

test("a submit with an idempotency key is repeated with the same key until the server takes it", async () => {
  const keys: unknown[] = [];
  const busy = problem(503, "redis_unavailable", { "retry-after": "0" });
  const server = await scriptedServer(
    (request, response, body) => {
      keys.push(request.headers["idempotency-key"]);
      busy(request, response, body);
    },
    (request) => {
      keys.push(request.headers["idempotency-key"]);
      request.socket.destroy();
    },
    (request, response, body) => {
      keys.push(request.headers["idempotency-key"]);
      json(202, jobOf())(request, response, body);
    },
  );
  const client = createClient({ baseUrl: server.url });
  await client.submit("checksum", new Blob(["x"]), { idempotencyKey: "k1" });
  expect(keys).toEqual(["k1", "k1", "k1"]);
});

test("a submit without a key is never repeated: it might become two jobs", async () => {
  const server = await scriptedServer(problem(503, "at_capacity", { "retry-after": "0" }));
  const refusal = createClient({ baseUrl: server.url }).submit("checksum", new Blob(["x"]));
  await expect(refusal).rejects.toMatchObject({ code: "at_capacity", status: 503, retryAfterS: 0 });
  expect(server.requests).toHaveLength(1);
});

test("a refusal is an error with the code, the detail and the whole problem", async () => {
  const server = await scriptedServer(problem(404, "job_not_found"));
  const refusal = await createClient({ baseUrl: server.url })
    .get(JOB_ID)
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ProblemError);
  expect(refusal).toMatchObject({ status: 404, code: "job_not_found", message: "Refused: job_not_found." });
  expect((refusal as ProblemError).problem.request_id).toBe("r");
});

test("a server that nobody runs is unreachable, an abort is an abort", async () => {
  const client = createClient({ baseUrl: "http://127.0.0.1:1" });
  await expect(client.get(JOB_ID)).rejects.toBeInstanceOf(UnreachableError);
  await expect(client.get(JOB_ID, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
});

test("waiting without a stream holds each request, bears with a server in trouble and ends with the job", async () => {
  const server = await scriptedServer(
    problem(404, "route_not_found"),
    json(200, jobOf()),
    problem(503, "redis_unavailable", { "retry-after": "0" }),
    (request) => request.socket.destroy(),
    json(200, jobOf({ status: "running", progress: 40, waiting: null })),
    json(200, jobOf({ status: "completed", progress: 100, waiting: null })),
  );
  const job = await createClient({ baseUrl: server.url }).wait(JOB_ID);
  expect(job.status).toBe("completed");
  const held = `GET /api/jobs/${JOB_ID}?wait=30`;
  expect(server.requests).toEqual([
    `GET /api/jobs/${JOB_ID}/events`,
    `GET /api/jobs/${JOB_ID}?wait=0`,
    ...[held, held, held, held],
  ]);
});

test("waiting for a job that does not exist fails at once", async () => {
  const server = await scriptedServer(problem(404, "job_not_found"));
  await expect(createClient({ baseUrl: server.url }).wait(JOB_ID)).rejects.toMatchObject({ status: 404 });
  expect(server.requests).toHaveLength(1);
});

test("waiting gives up when the trouble lasts too long, and stops when it is told to", async () => {
  const server = await scriptedServer(problem(503, "redis_unavailable", { "retry-after": "60" }));
  const client = createClient({ baseUrl: server.url });
  await expect(client.wait(JOB_ID, { giveUpAfterMs: 100 })).rejects.toMatchObject({ status: 503 });
  const stopper = new AbortController();
  const waiting = client.wait(JOB_ID, { signal: stopper.signal });
  stopper.abort("enough");
  await expect(waiting).rejects.toBe("enough");
});

test("a download streams the bytes and tells their name, size and digest", async () => {
  const sha256 = "b".repeat(64);
  const server = await scriptedServer((_, response) => {
    response.writeHead(200, {
      "content-type": "application/zip",
      "content-length": "5",
      "content-disposition": 'attachment; filename="results.zip"',
      etag: `"${sha256}"`,
    });
    response.end("bytes");
  });
  const client = createClient({ baseUrl: server.url });
  const { body, ...facts } = await client.download(JOB_ID);
  expect(facts).toEqual({ filename: "results.zip", mediaType: "application/zip", sizeBytes: 5, sha256 });
  expect(await new Response(body).text()).toBe("bytes");
  const part = await client.download(JOB_ID, { artifact: "a b.csv", range: { start: 2 } });
  await part.body.cancel();
  await (await client.downloadArchive(JOB_ID)).body.cancel();
  expect(server.requests).toEqual([
    `GET /api/jobs/${JOB_ID}/download`,
    `GET /api/jobs/${JOB_ID}/artifacts/a%20b.csv`,
    `GET /api/jobs/${JOB_ID}/archive`,
  ]);
});

test("a download is asked for as it is, and bears an answer that is compressed nevertheless", async () => {
  const sha256 = "b".repeat(64);
  const asked: unknown[] = [];
  const server = await scriptedServer((request, response) => {
    asked.push(request.headers["accept-encoding"]);
    response.writeHead(200, {
      "content-disposition": "attachment; filename=a.csv",
      "content-encoding": "gzip",
      etag: `"${sha256}-gzip"`,
    });
    response.end(gzipSync("bytes"));
  });
  const { body, ...facts } = await createClient({ baseUrl: server.url }).download(JOB_ID);
  expect(asked).toEqual(["identity"]);
  expect(facts).toMatchObject({ sizeBytes: undefined, sha256 });
  expect(await new Response(body).text()).toBe("bytes");
});

test.each(['attachment; filename="a b.zip"', "attachment; filename=a.zip", "Attachment"])(
  "the name of a download is read from %s",
  async (disposition) => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { "content-disposition": disposition }).end();
    });
    const { filename, body } = await createClient({ baseUrl: server.url }).download(JOB_ID);
    await body.cancel();
    expect(filename).toBe(disposition.split("=")[1]?.replaceAll('"', "") ?? "download");
  },
);

test("lists filter by tags, and the other calls go where the contract says", async () => {
  const server = await scriptedServer(
    json(200, { jobs: [jobOf()], next_cursor: null }),
    json(202, { job_id: JOB_ID, status: "cancelling" }),
    json(202, jobOf()),
    (_, response) => response.writeHead(204).end(),
    json(200, { rows: 3 }),
    json(200, { job_id: JOB_ID, logs: [] }),
    json(200, { processors: [] }),
  );
  const client = createClient({ baseUrl: server.url });
  expect((await client.list({ tag: { course: "CS101" }, limit: 5 })).jobs).toHaveLength(1);
  expect((await client.cancel(JOB_ID)).status).toBe("cancelling");
  expect((await client.retry(JOB_ID, { params: { timezone: "UTC" } })).status).toBe("queued");
  await client.remove(JOB_ID);
  expect(await client.result(JOB_ID)).toEqual({ rows: 3 });
  expect((await client.logs(JOB_ID)).logs).toEqual([]);
  expect(await client.processors()).toEqual([]);
  expect(server.requests).toEqual([
    "GET /api/jobs?tag.course=CS101&limit=5",
    `POST /api/jobs/${JOB_ID}/cancel`,
    `POST /api/jobs/${JOB_ID}/retry`,
    `DELETE /api/jobs/${JOB_ID}`,
    `GET /api/jobs/${JOB_ID}/result`,
    `GET /api/jobs/${JOB_ID}/logs`,
    "GET /api/processors",
  ]);
});
