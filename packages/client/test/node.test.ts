import { mkdtempSync, openAsBlob, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@drover/testkit";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { createClient, type SubmitOptions, UnreachableError, type UploadProgress } from "../src/index.js";
import { fileAt, streamingFetch } from "../src/node.js";
import { JOB_ID, jobOf, json, problem, scriptedServer } from "./scripted-server.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-client-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a file from disk arrives with its name, its bytes and a length that the server can trust", async () => {
  const path = join(folder, 'a "b" é.csv');
  writeFileSync(path, "a,b\n1,2\n");
  let seen = { body: "", length: "" };
  const server = await scriptedServer((request, response, body) => {
    seen = { body: body.toString(), length: String(request.headers["content-length"]) };
    json(202, jobOf())(request, response, body);
  });
  const client = createClient({ baseUrl: server.url, fetch: streamingFetch });
  const job = await client.submit("checksum", await fileAt(path), { params: { deep: true } });
  expect(job.job_id).toBe(JOB_ID);
  expect(seen.length).toBe(String(Buffer.byteLength(seen.body)));
  expect(seen.body).toContain('name="params"\r\n\r\n{"deep":true}\r\n');
  expect(seen.body).toContain('filename="a %22b%22 é.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n1,2\n\r\n');
});

test.each([
  ["the name's ending", {}, { filename: "log.CSV" }, "log.CSV", "text/csv"],
  ["its own type", { type: "text/x-log" }, { filename: "log.csv" }, "log.csv", "text/x-log"],
  ["what the options say", { type: "text/x-log" }, { filename: "a", mediaType: "text/csv" }, "a", "text/csv"],
  ["nothing", {}, {}, "file", "application/octet-stream"],
  [
    "an ending that nobody knows",
    {},
    { filename: "x.constructor" },
    "x.constructor",
    "application/octet-stream",
  ],
])(
  "a file of openAsBlob is sent with its bytes, and the type by %s",
  async (_, blobOptions, options, name, type) => {
    const path = join(folder, "input");
    writeFileSync(path, "a,b\n1,2\n");
    for (const fetch of [globalThis.fetch, streamingFetch]) {
      const body = await sentBy(fetch, await openAsBlob(path, blobOptions), options);
      expect(body.toLowerCase()).toContain(
        `filename="${name.toLowerCase()}"\r\ncontent-type: ${type}\r\n\r\na,b\n1,2\n`,
      );
    }
  },
);

test("a file from disk can be sent under another name and type", async () => {
  const path = join(folder, "input");
  writeFileSync(path, "a,b\n1,2\n");
  for (const options of [{ filename: "log.csv" }, { mediaType: "text/csv", filename: "log.csv" }]) {
    const body = await sentBy(streamingFetch, await fileAt(path), options);
    expect(body).toContain('filename="log.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n1,2\n');
  }
});

test("a file whose name has control characters is sent without them", async () => {
  const path = join(folder, "a\u001b[31m\nb.csv");
  writeFileSync(path, "x");
  const body = await sentBy(streamingFetch, await fileAt(path), {});
  expect(body).toContain('filename="a[31mb.csv"');
});

test("a status that no answer has is an error of the call, not of the process", async () => {
  const server = await scriptedServer((request) =>
    request.socket.end("HTTP/1.1 999 Odd\r\nconnection: close\r\n\r\n"),
  );
  const client = createClient({ baseUrl: server.url, fetch: streamingFetch });
  await expect(client.submit("checksum", new Blob(["x"]))).rejects.toBeInstanceOf(UnreachableError);
});

test("a large file is sent as fast as it is taken, never held in memory", async () => {
  const path = join(folder, "large.bin");
  writeFileSync(path, "");
  truncateSync(path, 512 << 20);
  const client = createClient({ baseUrl: await countingServer(), fetch: streamingFetch });
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }, 10);
  const job = await client.submit("checksum", await fileAt(path));
  clearInterval(timer);
  expect(Number(job.result)).toBeGreaterThan(512 << 20);
  expect(peak).toBeLessThan(128 << 20);
});

test("an upload tells what the connection took, up to all of it, and not what was only read", async () => {
  const path = join(folder, "large.bin");
  writeFileSync(path, "");
  truncateSync(path, 64 << 20);
  let goOn = () => {};
  const server = createServer((request, response) => {
    request.pause(); // what the system buffers is taken, and no more
    goOn = () => request.resume();
    request.on("end", () => json(202, jobOf())(request, response, Buffer.of()));
  });
  const client = createClient({ baseUrl: await listen(server), fetch: streamingFetch });
  const told: UploadProgress[] = [];
  const submitting = client.submit("checksum", await fileAt(path), {
    params: { deep: true },
    onUploadProgress: (progress) => told.push(progress),
  });
  let [before, unchanged] = [0, 0];
  await waitFor(() => {
    unchanged = told.length > 0 && told.length === before ? unchanged + 1 : 0;
    before = told.length;
    return unchanged === 10; // about half a second
  });
  expect(told.at(-1)?.sentBytes).toBeLessThan(32 << 20);
  goOn();
  await submitting;
  const sent = told.map(({ sentBytes }) => sentBytes);
  expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  expect(told.at(-1)?.sentBytes).toBe(told.at(-1)?.totalBytes);
  expect(told.at(-1)?.totalBytes).toBeGreaterThan(64 << 20);
});

test("an upload that is repeated tells its progress from the start again", async () => {
  const server = await scriptedServer(
    problem(503, "at_capacity", { "retry-after": "0" }),
    json(202, jobOf()),
  );
  const client = createClient({ baseUrl: server.url, fetch: streamingFetch });
  const told: number[] = [];
  await client.submit("checksum", new Blob(["x".repeat(1000)]), {
    idempotencyKey: "k1",
    onUploadProgress: ({ sentBytes }) => told.push(sentBytes),
  });
  expect(told.filter((sentBytes) => sentBytes === told.at(-1))).toHaveLength(2);
});

test("a refusal that comes before the file was read is the answer", async () => {
  const path = join(folder, "large.bin");
  writeFileSync(path, "");
  truncateSync(path, 64 << 20);
  const server = createServer((request, response) => {
    problem(413, "file_too_large")(request, response, Buffer.of());
    // A server that closes at once instead resets the connection, and nobody sees its answer.
    request.resume();
  });
  const client = createClient({ baseUrl: await listen(server), fetch: streamingFetch });
  await expect(client.submit("checksum", await fileAt(path))).rejects.toMatchObject({ status: 413 });
});

test("an upload to nobody is unreachable, an aborted one ends with the reason", async () => {
  const path = join(folder, "small.csv");
  writeFileSync(path, "x");
  const client = createClient({ baseUrl: "http://127.0.0.1:1", fetch: streamingFetch });
  await expect(client.submit("checksum", await fileAt(path))).rejects.toBeInstanceOf(UnreachableError);
  const signal = AbortSignal.abort("enough");
  await expect(client.submit("checksum", await fileAt(path), { signal })).rejects.toBe("enough");
});

test("a folder is no file", async () => {
  await expect(fileAt(folder)).rejects.toThrow("is a folder, not a regular file");
});

/** The form that a submit of the file sends. */
async function sentBy(fetch: typeof globalThis.fetch, file: Blob, options: SubmitOptions): Promise<string> {
  let form = "";
  const server = await scriptedServer((request, response, body) => {
    form = body.toString();
    json(202, jobOf())(request, response, body);
  });
  await createClient({ baseUrl: server.url, fetch }).submit("checksum", file, options);
  return form;
}

/** Returns a job whose result is the number of bytes that came; keeps none of them. */
function countingServer(): Promise<string> {
  const server = createServer(async (request, response) => {
    let sizeBytes = 0;
    for await (const chunk of request) sizeBytes += chunk.length;
    json(202, jobOf({ result: sizeBytes }))(request, response, Buffer.of());
  });
  return listen(server);
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
