import { createHash } from "node:crypto";
import { readdir, readlink } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { chunksOf, waitFor } from "@drover/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeWithAll, finished } from "./job-steps.js";
import { rawGet } from "./raw-get.js";
import { startApi, type TestApi } from "./test-api.js";

const LINES = Array.from({ length: 60_000 }, (_, i) => `${i},user ${(i * 7_919) % 1_500}\n`);
const PLAIN = Buffer.from(LINES.join(""));
const GZIP = gzipSync(PLAIN);
const digest = (bytes: Uint8Array, form: "hex" | "base64") => createHash("sha256").update(bytes).digest(form);
const PLAIN_TAG = `"${digest(PLAIN, "hex")}"`;
const GZIP_TAG = `"${digest(PLAIN, "hex")}-gzip"`;

let api: TestApi;
let url: string;
beforeEach(async () => {
  api = await startApi();
  const files = [{ name: "out.csv", bytes: PLAIN, isPrimary: true, kept: "gzip" }] as const;
  const job = await finished(api, (attempt) => completeWithAll(api, attempt, files));
  url = `${api.url}/api/jobs/${job.job_id}/download`;
});
afterEach(() => api.close());

describe("an artifact that is stored as gzip", () => {
  it.each([undefined, "identity", "br, deflate", "gzip;q=0", "gzip;q=0, *", "identity, gzip;q=0.5"])(
    "is plain for a client that accepts %j",
    async (accepted) => {
      const { status, headers, body } = await rawGet(url, accepted ? { "accept-encoding": accepted } : {});
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-length": String(PLAIN.length),
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": "attachment; filename=out.csv",
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        vary: "Accept-Encoding",
        etag: PLAIN_TAG,
        "repr-digest": `sha-256=:${digest(PLAIN, "base64")}:`,
      });
      expect(headers["content-encoding"]).toBeUndefined();
      expect(body.equals(PLAIN)).toBe(true);
    },
  );

  it.each(["gzip", "gzip, deflate, br", "*", "GZIP;q=0.5, identity;q=0.1"])(
    "is sent as it is stored to a client that accepts %j",
    async (accepted) => {
      const { status, headers, body } = await rawGet(url, { "accept-encoding": accepted });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-length": String(GZIP.length),
        "content-encoding": "gzip",
        "content-type": "text/csv; charset=utf-8",
        vary: "Accept-Encoding",
        etag: GZIP_TAG,
        "repr-digest": `sha-256=:${digest(GZIP, "base64")}:`,
      });
      expect(body.equals(GZIP)).toBe(true);
    },
  );

  it("is what it was for fetch, which asks for gzip and decodes it", async () => {
    const response = await fetch(url);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(Buffer.from(await response.arrayBuffer()).equals(PLAIN)).toBe(true);
  });

  it("has the headers of either form for HEAD", async () => {
    for (const [accepted, length] of [
      ["identity", PLAIN.length],
      ["gzip", GZIP.length],
    ] as const) {
      const { status, headers, body } = await rawGet(url, { "accept-encoding": accepted }, "HEAD");
      expect([status, headers["content-length"], body.length]).toEqual([200, String(length), 0]);
      expect(headers.etag).toBe(accepted === "gzip" ? GZIP_TAG : PLAIN_TAG);
    }
  });

  it.each([
    [0, 0],
    [0, 262_143],
    [262_143, 262_144],
    [500_000, 599_999],
    [PLAIN.length - 1, PLAIN.length - 1],
  ])("gives bytes %i to %i of the plain ones, also to a client that accepts gzip", async (start, end) => {
    const headers = { range: `bytes=${start}-${end}`, "accept-encoding": "gzip" };
    const answer = await rawGet(url, headers);
    expect(answer.status).toBe(206);
    expect(answer.headers).toMatchObject({
      "content-range": `bytes ${start}-${end}/${PLAIN.length}`,
      "content-length": String(end - start + 1),
      etag: PLAIN_TAG,
      vary: "Accept-Encoding",
    });
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(answer.body.equals(PLAIN.subarray(start, end + 1))).toBe(true);
  });

  it("goes on with the gzip where If-Range names it, and only for who accepts it", async () => {
    const resume = { range: "bytes=100-", "if-range": GZIP_TAG };
    const answer = await rawGet(url, { ...resume, "accept-encoding": "gzip" });
    expect(answer.status).toBe(206);
    expect(answer.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-range": `bytes 100-${GZIP.length - 1}/${GZIP.length}`,
      etag: GZIP_TAG,
    });
    expect(answer.body.equals(GZIP.subarray(100))).toBe(true);
    const plain = await rawGet(url, resume);
    expect([plain.status, plain.headers.etag]).toEqual([200, PLAIN_TAG]);
    const other = await rawGet(url, { ...resume, "if-range": PLAIN_TAG, "accept-encoding": "gzip" });
    expect([other.status, other.headers["content-range"]]).toEqual([
      206,
      `bytes 100-${PLAIN.length - 1}/${PLAIN.length}`,
    ]);
  });

  it("is 416 by its plain length", async () => {
    const answer = await rawGet(url, { range: `bytes=${PLAIN.length}-`, "accept-encoding": "gzip" });
    expect([answer.status, answer.headers["content-range"]]).toEqual([416, `bytes */${PLAIN.length}`]);
  });

  it("is 304 for who has the same form, and that alone", async () => {
    for (const [accepted, own, other] of [
      ["identity", PLAIN_TAG, GZIP_TAG],
      ["gzip", GZIP_TAG, PLAIN_TAG],
    ] as const) {
      const ask = (tag: string) => rawGet(url, { "accept-encoding": accepted, "if-none-match": tag });
      const { status, headers, body } = await ask(own);
      expect([status, body.length]).toEqual([304, 0]);
      expect(headers).toMatchObject({ etag: own, vary: "Accept-Encoding" });
      expect((await ask(other)).status).toBe(200);
      expect((await ask(`${other}, W/${own}`)).status).toBe(304);
    }
  });

  it.each(["identity", "gzip"])(
    "is 404 before any header when its stored bytes are cut (%s)",
    async (accepted) => {
      for await (const { key } of api.store.list("jobs/"))
        if (key.endsWith("out.csv")) await api.store.put(key, chunksOf(GZIP.subarray(0, 99)));
      for (const method of ["GET", "HEAD"]) {
        const { status, headers, body } = await rawGet(url, { "accept-encoding": accepted }, method);
        expect(status).toBe(404);
        expect([headers.etag, headers["content-encoding"], headers["repr-digest"]]).toEqual(
          Array(3).fill(undefined),
        );
        if (method === "GET") expect(String(body)).toContain(`are damaged: 99 of ${GZIP.length}`);
      }
    },
  );

  /** Makes the stored bytes differ from `at` on. */
  async function damage(at: number): Promise<void> {
    const bytes = Buffer.from(GZIP).fill(0xff, at, at + 1_000);
    for await (const { key } of api.store.list("jobs/"))
      if (key.endsWith("out.csv")) await api.store.put(key, chunksOf(bytes));
  }

  it.each([{}, { range: "bytes=0-9" }])(
    "is refused, with no header that speaks of it, when its stored bytes are no gzip from the beginning (%j)",
    async (asked) => {
      await damage(20);
      const { status, headers, body } = await rawGet(url, asked);
      api.lines.splice(0); // the one error was meant
      expect(status).toBe(500);
      expect(JSON.parse(String(body))).toMatchObject({ code: "internal" });
      for (const name of ["etag", "repr-digest", "content-disposition", "content-range", "accept-ranges"])
        expect(headers[name]).toBeUndefined();
    },
  );

  it("is cut for a client when its stored bytes turn out not to be gzip", async () => {
    await damage(150_000);
    await expect(rawGet(url)).rejects.toMatchObject({ code: "ECONNRESET" });
    await waitFor(() => api.lines.some(({ level }) => level === "error"));
    api.lines.splice(0); // the one error was meant
  });

  it.runIf(process.platform === "linux")("leaves no file open after a range of its beginning", async () => {
    for (let i = 0; i < 5; i++) await rawGet(url, { range: "bytes=0-9" });
    const open = async () => {
      const links = (await readdir("/proc/self/fd")).map((fd) =>
        readlink(`/proc/self/fd/${fd}`).catch(() => ""),
      );
      return (await Promise.all(links)).filter((path) => path.endsWith("/out.csv"));
    };
    await waitFor(async () => (await open()).length === 0);
  });
});
