import { createHash } from "node:crypto";
import { readdir, readlink } from "node:fs/promises";
import { connect } from "node:net";
import { chunksOf, signal, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWith, json, submitted, work } from "./job-steps.js";
import { startApi, type TestApi } from "./test-api.js";

const BYTES = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz");
const SHA = createHash("sha256").update(BYTES);
const SHA_HEX = SHA.copy().digest("hex");
const SHA_BASE64 = SHA.copy().digest("base64");

let api: TestApi;
let id: string;
beforeEach(async () => {
  api = await startApi();
  id = await complete(BYTES);
});
afterEach(() => api.close());

async function complete(bytes: Uint8Array, name?: string): Promise<string> {
  const { job_id } = await submitted(api);
  const consumer = work(api, (attempt) => completeWith(api, attempt, bytes, name));
  await waitFor(async () => (await json(fetch(`${api.url}/api/jobs/${job_id}`))).status === "completed");
  await consumer.drain(0);
  return job_id;
}

const download = (headers: Record<string, string> = {}, method = "GET", path = `/api/jobs/${id}/download`) =>
  fetch(`${api.url}${path}`, { headers, method });

describe("a download", () => {
  it.each(["download", "artifacts/out.zip"])(
    "by /%s is the whole file with its digest, name and type",
    async (path) => {
      const response = await download({}, "GET", `/api/jobs/${id}/${path}`);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-length": "36",
        "content-type": "application/zip",
        "content-disposition": "attachment; filename=out.zip",
        "accept-ranges": "bytes",
        etag: `"${SHA_HEX}"`,
        "repr-digest": `sha-256=:${SHA_BASE64}:`,
        "x-content-type-options": "nosniff",
      });
      expect(Buffer.from(await response.arrayBuffer())).toEqual(BYTES);
    },
  );

  it("never consumes anything", async () => {
    for (let i = 0; i < 3; i++) expect(await (await download()).text()).toBe(BYTES.toString());
  });

  it("has the same headers and no body for HEAD, whatever range is asked", async () => {
    const response = await download({ range: "bytes=0-1" }, "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("36");
    expect(response.headers.get("etag")).toBe(`"${SHA_HEX}"`);
    expect(await response.text()).toBe("");
  });

  it.each([
    ["bytes=0-9", "0123456789", "bytes 0-9/36"],
    ["bytes=30-", "uvwxyz", "bytes 30-35/36"],
    ["bytes=-3", "xyz", "bytes 33-35/36"],
    ["bytes=34-999", "yz", "bytes 34-35/36"],
    ["bytes=0-0", "0", "bytes 0-0/36"],
    ["bytes=-37", BYTES.toString(), "bytes 0-35/36"],
    ["bytes=-99999999999999999999", BYTES.toString(), "bytes 0-35/36"],
  ])("of %s is that part", async (range, text, contentRange) => {
    const response = await download({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(await response.text()).toBe(text);
  });

  it.each(["bytes=36-", "bytes=99-100", "bytes=-0"])("of %s is 416 with the size", async (range) => {
    const response = await download({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe("bytes */36");
    expect(response.headers.get("etag")).toBeNull();
    expect(await json(response)).toMatchObject({ code: "range_not_satisfiable" });
  });

  it.each(["bytes=0-1,4-5", "lines=1-2", "bytes=x"])("of %s is everything", async (range) => {
    const response = await download({ range });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(BYTES.toString());
  });

  it("resumes with If-Range when the bytes are the same, and starts again when not", async () => {
    expect((await download({ range: "bytes=5-", "if-range": `"${SHA_HEX}"` })).status).toBe(206);
    expect((await download({ range: "bytes=5-", "if-range": '"other"' })).status).toBe(200);
    expect((await download({ range: "bytes=5-", "if-range": "Sat, 01 Jan 2050 00:00:00 GMT" })).status).toBe(
      200,
    );
  });

  it("is 304 for a client that has the bytes", async () => {
    const response = await download({ "if-none-match": `"x", "${SHA_HEX}"` });
    expect(response.status).toBe(304);
    expect(response.headers.get("etag")).toBe(`"${SHA_HEX}"`);
    expect((await download({ "if-none-match": '"x"' })).status).toBe(200);
  });

  it("of an empty artifact is empty, and no part of it can be had", async () => {
    const empty = await complete(new Uint8Array());
    const path = `/api/jobs/${empty}/download`;
    expect((await download({}, "GET", path)).headers.get("content-length")).toBe("0");
    expect((await download({ range: "bytes=0-" }, "GET", path)).status).toBe(416);
    expect((await download({ range: "bytes=-5" }, "GET", path)).status).toBe(200);
  });

  it.runIf(process.platform === "linux")("of an empty artifact leaves no file open", async () => {
    const empty = await complete(new Uint8Array());
    for (const method of ["GET", "HEAD"]) {
      const response = await download({}, method, `/api/jobs/${empty}/download`);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("");
    }
    const open = await Promise.all(
      (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    expect(open.filter((path) => path.endsWith("/out.zip"))).toEqual([]);
  });

  it("is 404 for a name that the job has not got, naming those that it has", async () => {
    for (const name of ["other.zip", "..%2f..%2fout.zip", "%00", "__proto__"]) {
      const response = await download({}, "GET", `/api/jobs/${id}/artifacts/${name}`);
      expect(response.status).toBe(404);
      expect(await json(response)).toMatchObject({
        code: "artifact_not_found",
        detail: expect.stringContaining("out.zip"),
      });
    }
  });

  it("is 404 when the bytes were removed from the store, for GET and HEAD, with no header that speaks of them", async () => {
    await api.store.remove(`jobs/${id}`);
    for (const method of ["GET", "HEAD"]) {
      const response = await download({}, method);
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toContain("application/problem+json");
      for (const name of ["etag", "repr-digest", "content-disposition"])
        expect(response.headers.get(name)).toBeNull();
    }
  });

  it.each([
    ["cut", BYTES.subarray(0, 20)],
    ["longer", Buffer.concat([BYTES, BYTES])],
  ])(
    "is 404, not a broken answer, when the stored bytes are %s, for GET, HEAD and a range",
    async (_how, bytes) => {
      for await (const { key } of api.store.list(`jobs/${id}/`)) await api.store.put(key, chunksOf(bytes));
      for (const [method, headers] of [
        ["GET", {}],
        ["HEAD", {}],
        ["GET", { range: "bytes=0-3" }],
      ] as const) {
        const response = await download(headers, method);
        expect(response.status).toBe(404);
        if (method === "GET")
          expect(await json(response)).toMatchObject({
            detail: expect.stringContaining(`are damaged: ${bytes.length} of 36`),
          });
      }
    },
  );

  it("is 409 while the job is not finished", async () => {
    const { job_id } = await submitted(api);
    const response = await download({}, "GET", `/api/jobs/${job_id}/download`);
    expect(response.status).toBe(409);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("is 404 of a job that was cancelled, whose download will never be", async () => {
    const { job_id } = await submitted(api);
    await fetch(`${api.url}/api/jobs/${job_id}/cancel`, { method: "POST" });
    expect((await download({}, "GET", `/api/jobs/${job_id}/download`)).status).toBe(404);
  });
});

describe("a download that breaks off in the store", () => {
  it("is cut, so that the client sees that it is not whole, and is logged as an error", async () => {
    const open = api.store.open.bind(api.store);
    api.store.open = async (key, range) => {
      if (!key.endsWith("out.zip")) return open(key, range);
      return (async function* () {
        yield BYTES.subarray(0, 10);
        throw new Error("disk gone");
      })();
    };
    await expect(download().then((response) => response.text())).rejects.toThrow();
    await waitFor(() => api.lines.some(({ level }) => level === "error"));
    api.lines.splice(0); // the one error was meant
  });

  it("is cut as well when the stored bytes are fewer than the artifact has", async () => {
    const open = api.store.open.bind(api.store);
    api.store.open = (key, range) => open(key, key.endsWith("out.zip") ? { start: 0, end: 9 } : range);
    await expect(download().then((response) => response.text())).rejects.toThrow();
    await waitFor(() => api.lines.some(({ level }) => level === "error"));
    api.lines.splice(0); // the one error was meant
  });
});

describe("a download in the log", () => {
  /** Reads `bytes` of the answer's body and closes the connection at once. */
  async function readAndClose(bytes: number): Promise<void> {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/jobs/${id}/download HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) {
      text += (chunk as Buffer).toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head >= 0 && text.length - head - 4 >= bytes) break;
    }
    socket.destroy();
  }
  const line = () => waitFor(() => api.lines.find(({ message }) => message.includes("/download ")));

  it("is over when the client has all bytes and closes, even while the store has yet to see the file's end", async () => {
    const isClosed = signal();
    const open = api.store.open.bind(api.store);
    api.store.open = async (key, range) => {
      const bytes = await open(key, range);
      if (!key.endsWith("out.zip") || bytes === undefined) return bytes;
      return (async function* () {
        yield* bytes;
        await isClosed.promise;
      })();
    };
    await readAndClose(BYTES.length);
    expect((await line()).message).toBe(`GET /api/jobs/${id}/download 200`);
    isClosed.resolve();
  });

  it("says that the client has gone when it closes before the end", async () => {
    const isClosed = signal();
    const open = api.store.open.bind(api.store);
    api.store.open = async (key, range) => {
      if (!key.endsWith("out.zip")) return open(key, range);
      return (async function* () {
        yield BYTES.subarray(0, 10);
        await isClosed.promise;
        yield BYTES.subarray(10);
      })();
    };
    await readAndClose(10);
    expect((await line()).message).toBe(`GET /api/jobs/${id}/download client gone`);
    isClosed.resolve();
  });
});
