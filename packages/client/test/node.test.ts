import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { createClient, UnreachableError } from "../src/index.js";
import { fileAt, streamingFetch } from "../src/node.js";
import { JOB_ID, jobOf, json, problem, scriptedServer } from "./server.js";

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
  expect(seen.body).toContain(
    'filename="a %22b%22 é.csv"\r\ncontent-type: application/octet-stream\r\n\r\na,b\n1,2\n\r\n',
  );
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

test("a refusal that comes before the file was read is the answer", async () => {
  const path = join(folder, "large.bin");
  writeFileSync(path, "");
  truncateSync(path, 64 << 20);
  const server = createServer((request, response) => {
    problem(413, "file_too_large")(request, response, Buffer.of());
    request.resume(); // a server that closes at once instead resets the connection, and nobody sees its answer
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
  await expect(fileAt(folder)).rejects.toThrow("is not a regular file");
});

/** Answers a job whose result is the number of bytes that came; keeps none of them. */
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
